package main

import (
	"fmt"
	"io"
	"runtime"
	"strconv"
	"text/tabwriter"
)

// report prints figures as they come and keeps verdicts for the table.
type report struct {
	figures, log io.Writer
	verdicts     []verdict
}

// verdict is a ratio and what it must be.
type verdict struct {
	title         string
	today, ours   string
	ratio, target float64
	atLeast       bool // ratio must be at least target; else at most
}

func (v verdict) met() bool {
	if v.atLeast {
		return v.ratio >= v.target
	}
	return v.ratio <= v.target
}

// figure prints one figure.
func (r *report) figure(name string, value float64, unit string) {
	r.text(name, strconv.FormatFloat(value, 'g', 4, 64), unit)
}

func (r *report) text(name, value, unit string) {
	fmt.Fprintf(r.figures, "figure %s %s %s\n", name, value, unit) //nolint:errcheck // stdout
}

// progress prints one line for the person who waits.
func (r *report) progress(format string, args ...any) {
	fmt.Fprintf(r.log, format+"\n", args...) //nolint:errcheck // stderr
}

// judge prints a ratio as a figure and keeps it for the table.
func (r *report) judge(name string, v verdict) {
	r.figure(name, v.ratio, "ratio")
	r.verdicts = append(r.verdicts, v)
}

// machine prints where the figures come from.
func (r *report) machine(objects [][]byte) {
	total := 0
	for _, o := range objects {
		total += len(o)
	}
	r.figure("machine.cores", float64(runtime.NumCPU()), "cores")
	r.text("machine.go", runtime.Version(), "version")
	r.text("machine.platform", runtime.GOOS+"/"+runtime.GOARCH, "platform")
	r.figure("objects.count", float64(len(objects)), "objects")
	r.figure("objects.size", float64(total)/float64(len(objects)), "bytes")
}

// table prints every verdict.
func (r *report) table() {
	w := tabwriter.NewWriter(r.log, 0, 0, 2, ' ', 0)
	fmt.Fprintln(w, "\nmeasured\tagainst\tours\tratio\ttarget\tverdict") //nolint:errcheck // stderr
	for _, v := range r.verdicts {
		sign, word := "<=", "met"
		if v.atLeast {
			sign = ">="
		}
		if !v.met() {
			word = "MISSED"
		}
		fmt.Fprintf(w, "%s\t%s\t%s\t%.2fx\t%s %gx\t%s\n", v.title, v.today, v.ours, v.ratio, sign, v.target, word) //nolint:errcheck // stderr
	}
	w.Flush() //nolint:errcheck // stderr
}
