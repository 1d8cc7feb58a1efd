// Package bench is what the benchmark programs have in common: the report with
// its figures, and the objects in package objects.
package bench

import (
	"fmt"
	"io"
	"runtime"
	"strconv"
	"text/tabwriter"
)

// Report prints figures as they come and keeps verdicts for the table. It is
// for one goroutine.
type Report struct {
	// Figures gets a line "figure <name> <value> <unit>" for each figure.
	Figures io.Writer
	// Log gets what is for the person who waits, and the table.
	Log io.Writer

	verdicts []Verdict
}

// Verdict is a ratio and what it must be.
type Verdict struct {
	// Title says what was measured.
	Title string
	// Today and Ours are the two sides in words, with their units.
	Today, Ours string
	// Ratio of the two, and what it must be at most.
	Ratio, Target float64
	// AtLeast turns Target into the least that Ratio must be.
	AtLeast bool
}

func (v Verdict) met() bool {
	if v.AtLeast {
		return v.Ratio >= v.Target
	}
	return v.Ratio <= v.Target
}

// Figure prints one figure.
func (r *Report) Figure(name string, value float64, unit string) {
	r.Text(name, strconv.FormatFloat(value, 'g', 4, 64), unit)
}

// Text prints a figure that is no number.
func (r *Report) Text(name, value, unit string) {
	fmt.Fprintf(r.Figures, "figure %s %s %s\n", name, value, unit) //nolint:errcheck // stdout
}

// Progress prints one line for the person who waits.
func (r *Report) Progress(format string, args ...any) {
	fmt.Fprintf(r.Log, format+"\n", args...) //nolint:errcheck // stderr
}

// Judge prints a ratio as a figure and keeps it for the table.
func (r *Report) Judge(name string, v Verdict) {
	r.Figure(name, v.Ratio, "ratio")
	r.verdicts = append(r.verdicts, v)
}

// Machine prints where the figures come from.
func (r *Report) Machine(objects [][]byte) {
	total := 0
	for _, o := range objects {
		total += len(o)
	}
	r.Figure("machine.cores", float64(runtime.NumCPU()), "cores")
	r.Text("machine.go", runtime.Version(), "version")
	r.Text("machine.platform", runtime.GOOS+"/"+runtime.GOARCH, "platform")
	r.Figure("objects.count", float64(len(objects)), "objects")
	r.Figure("objects.size", float64(total)/float64(len(objects)), "bytes")
}

// Table prints every verdict.
func (r *Report) Table() {
	w := tabwriter.NewWriter(r.Log, 0, 0, 2, ' ', 0)
	fmt.Fprintln(w, "\nmeasured\tagainst\tours\tratio\ttarget\tverdict") //nolint:errcheck // stderr
	for _, v := range r.verdicts {
		sign, word := "<=", "met"
		if v.AtLeast {
			sign = ">="
		}
		if !v.met() {
			word = "MISSED"
		}
		fmt.Fprintf(w, "%s\t%s\t%s\t%.2fx\t%s %gx\t%s\n", v.Title, v.Today, v.Ours, v.Ratio, sign, v.Target, word) //nolint:errcheck // stderr
	}
	w.Flush() //nolint:errcheck // stderr
}
