// Package hint holds what the runner and its runtimes say to do next. Redaction
// must know these texts: a Secret that holds the same words does not make them
// secret, and a hint with holes in it helps nobody.
package hint

import (
	"fmt"
	"regexp"
	"strings"
	"sync"
)

// The hints: formats with %s for texts, which are not taken for our own words,
// and %d for numbers.
const (
	Rename     = "add Rename to what the step allows if it is meant to"
	Create     = "add Create to what the step allows if it is meant to"
	Delete     = "add Delete to what the step allows if it is meant to"
	ID         = "keep the annotations internal.config.kubernetes.io/* of every object; drop them from one that is a copy"
	List       = "a function whose output depends on the whole list needs scope List"
	Text       = "write it as text, in quotes; where what is in the quotes is read again, as in CEL and JSON patches, write '\"1\"'"
	Null       = "null does not remove it: take the key or element itself out, as labels.pop(\"a\") does"
	Key        = "write a key with dots in brackets: metadata.annotations[\"example.com/a\"]"
	Runs       = "it ignores the end of its context and still runs in this process"
	Additional = "docs/pipeline.md, Additional items, has the form of the tag velero-krm.io/additional-item"
	Mutator    = "a validator changes nothing, also not what a backup holds: move the step to the mutators"

	NoFile       = "there is a directory %s, without such a file: is it in this image, and spelled so?"
	NoDirectory  = "there is no %s: is the volume mounted?"
	Directory    = "name the file in it"
	Mode         = "chmod +x it, or COPY --chmod=755 it into the image"
	Access       = "this user may not execute it, or its file system is mounted noexec"
	Incomplete   = "was it copied whole?"
	System       = "build it with GOOS=linux GOARCH=%s"
	Architecture = "build it with GOARCH=%s"
	Script       = "a script must start with a line such as #!/bin/sh"
	LineEnds     = "save the script with Unix line ends"
	Interpreter  = "install it in this image, or use a compiled function"
	Loader       = "it is linked dynamically against a system that is not here: build it with CGO_ENABLED=0"
	Pin          = "if the new content is meant, change the pin"
	WorkDir      = "functions work in a new directory below TMPDIR: it must be there, writable, and not full"
	Children     = "this process must not ignore SIGCHLD nor collect children that it did not start"

	Exit126 = "126 is a shell's: a program it calls may not be executed"
	Exit127 = "127 is a shell's or a loader's: a program or library it needs is not here; PATH is /usr/local/bin:/usr/bin:/bin"
	Killed  = "something else killed it, perhaps for want of memory"
	Limits  = "it ran into a limit of execfn.WithLimits"

	JSON      = "print JSON, of which more is read"
	NoList    = "print a ResourceList also when there is nothing to do; an empty items list removes the objects"
	Truncated = "the output may be truncated: it ends after %d bytes"
	Stdout    = "stdout, %d bytes, must hold one ResourceList and nothing else; messages belong on stderr"
)

// all returns the hints, and those that package krm gives about output.
func all() []string {
	return []string{
		Rename, Create, Delete, ID, List, Text, Null, Key, Additional, Mutator, Runs,
		NoFile, NoDirectory, Directory, Mode, Access, Incomplete, System, Architecture, Script, LineEnds,
		Interpreter, Loader, Pin, WorkDir, Children, Exit126, Exit127, Killed, Limits, JSON, NoList, Truncated, Stdout,
		"write log lines to stderr", "print one ResourceList with every object in it", "output may be truncated (%d bytes)",
	}
}

// syntax matches each of them, with a group for each text.
var syntax = sync.OnceValue(func() *regexp.Regexp {
	placeholders := strings.NewReplacer("%s", "(.*)", "%d", "[0-9]+")
	var formats []string
	for _, format := range all() {
		formats = append(formats, placeholders.Replace(regexp.QuoteMeta(format)))
	}
	return regexp.MustCompile(fmt.Sprintf("(?s)^(?:%s)$", strings.Join(formats, "|")))
})

// Redact returns text, a hint, with what is not our own words redacted by
// clean, which is called for each part once.
func Redact(text string, clean func(string) string) string {
	m := syntax().FindStringSubmatchIndex(text)
	if m == nil {
		return clean(text)
	}
	var b strings.Builder
	end := 0
	for i := 2; i+1 < len(m); i += 2 {
		if m[i] < 0 { // of another format
			continue
		}
		b.WriteString(text[end:m[i]])
		b.WriteString(clean(text[m[i]:m[i+1]]))
		end = m[i+1]
	}
	return b.String() + text[end:]
}
