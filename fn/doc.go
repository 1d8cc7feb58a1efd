// Package fn is what the author of a KRM function in Go imports.
//
// A [Function] is made with [New] from a name, one sentence, a config type and
// a Go func over a [List]. The same value runs in the process (it is a
// runner.Function), as an executable ([Main]) and as WASM.
//
//	type Config struct {
//		Team string `json:"team" required:"true" doc:"value of the label team"`
//	}
//
//	func Function() fn.Function {
//		return fn.New("set-team", "Sets the label team.", transform)
//	}
//
//	func transform(_ context.Context, c Config, list *fn.List) error {
//		for o := range list.All() {
//			if err := o.Set(c.Team, "metadata", "labels", "team"); err != nil {
//				list.Fail(o, err)
//			}
//		}
//		return nil
//	}
//
// What the package guarantees: an object that the function did not change
// comes back as the very same *krm.Item, so it crosses byte for byte; fields
// that nobody knows survive, because objects are maps and never Go structs;
// the config is read strictly and all that is wrong with it is told at once,
// by field and without its values; when a function fails as a program, it
// prints the items as they came in, so nothing is lost.
//
// Which kinds hold a pod template is known by package fn/podspec. Fixture
// folders are run by package fn/fntest. How functions are found and ordered
// is the work of other packages; this one imports package krm and a YAML
// reader alone, so that functions stay small and start fast.
package fn
