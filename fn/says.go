package fn

import "slices"

// Says names texts of results that the function always says: formats of the
// Message of [List.Report] and [List.ReportOn], with %d for a number that counts
// something and %s for a text that comes from objects or the config. Where the
// function is run beside Secrets, these words and numbers are shown whatever the
// Secrets hold: values of Secrets are taken out of what functions say, and one
// that is a word of the message would be told by the hole that it leaves.
func Says(formats ...string) Option {
	return func(f *Function) { f.says = slices.Clone(formats) }
}

// Sayings returns what was given by [Says], and what [List.RequestItems] says of
// a function that states additional items. The caller may change it.
func (f Function) Sayings() []string {
	says := slices.Clone(f.says)
	if len(f.about.AdditionalItems) > 0 {
		says = append(says, requestSaying)
	}
	return says
}
