package multiitem

import (
	"fmt"
	"math"
	"strings"
	"time"

	"github.com/velero-krm/velero-krm/multiitem/multiitemv1"
)

// toIndex converts an index from the wire. One that no host sends becomes -1.
func toIndex(i uint64) int {
	if i > math.MaxInt {
		return -1
	}
	return int(i)
}

// toCount converts a count from the wire, which is for people to read.
func toCount(n uint64) int { return int(min(n, math.MaxInt)) }

func fromCount(n int) uint64 { return uint64(max(n, 0)) }

// clip makes a text fit for the wire: bounded, and valid UTF-8, without which
// protobuf refuses the whole message.
func clip(s string, limit int) string {
	if len(s) > limit {
		s = s[:limit] + " [cut]"
	}
	return strings.ToValidUTF8(s, "\uFFFD")
}

func toID(p *multiitemv1.ResourceIdentifier) ResourceIdentifier {
	return ResourceIdentifier{
		Group: p.GetGroup(), Resource: p.GetResource(),
		Namespace: p.GetNamespace(), Name: p.GetName(),
	}
}

func fromID(id ResourceIdentifier) *multiitemv1.ResourceIdentifier {
	return &multiitemv1.ResourceIdentifier{
		Group: id.Group, Resource: id.Resource, Namespace: id.Namespace, Name: id.Name,
	}
}

func toSelector(p *multiitemv1.ResourceSelector) ResourceSelector {
	return ResourceSelector{
		IncludedNamespaces: p.GetIncludedNamespaces(),
		ExcludedNamespaces: p.GetExcludedNamespaces(),
		IncludedResources:  p.GetIncludedResources(),
		ExcludedResources:  p.GetExcludedResources(),
		LabelSelector:      p.GetSelector(),
	}
}

func fromSelector(s ResourceSelector) *multiitemv1.ResourceSelector {
	return &multiitemv1.ResourceSelector{
		IncludedNamespaces: s.IncludedNamespaces,
		ExcludedNamespaces: s.ExcludedNamespaces,
		IncludedResources:  s.IncludedResources,
		ExcludedResources:  s.ExcludedResources,
		Selector:           s.LabelSelector,
	}
}

func toRun(h *multiitemv1.Header) Run {
	return Run{
		Action: h.GetPlugin(), Backup: h.GetBackup(), Restore: h.GetRestore(),
		TotalItems: toCount(h.GetTotalItems()), Attempt: int(h.GetAttempt()), Late: h.GetLate(),
	}
}

func fromRun(r Run, l Limits) *multiitemv1.Header {
	return &multiitemv1.Header{
		Plugin: r.Action, Backup: r.Backup, Restore: r.Restore,
		TotalItems:  fromCount(r.TotalItems),
		Attempt:     uint32(min(max(r.Attempt, 1), math.MaxInt32)),
		WindowItems: uint32(min(l.WindowItems, math.MaxInt32)), WindowBytes: fromCount(l.WindowBytes),
		Late: r.Late,
	}
}

func fromItem(index int, it *Item) *multiitemv1.Item {
	return &multiitemv1.Item{Index: uint64(index), Id: fromID(it.ID), Object: it.Object}
}

// checkAnswer reports what the protocol does not allow in an answer.
func checkAnswer(a Answer) error {
	switch {
	case a.Status < Updated || a.Status > Failed:
		return fmt.Errorf("status %d", int(a.Status))
	case a.Status == Updated && len(a.Object) == 0:
		return fmt.Errorf("%s without an object", a.Status)
	case a.Status != Updated && len(a.Object) > 0:
		return fmt.Errorf("%s with an object", a.Status)
	default:
		return nil
	}
}

func toAnswer(p *multiitemv1.Answer) Answer {
	a := Answer{
		Index: toIndex(p.GetIndex()), Status: Status(p.GetStatus()), Object: p.GetObject(),
		Message: clip(p.GetMessage(), maxText),
	}
	a.Warnings, a.Errors = toTexts(p.GetWarnings()), toTexts(p.GetErrors())
	for _, id := range p.GetAdditionalItems() {
		a.AdditionalItems = append(a.AdditionalItems, toID(id))
	}
	return a
}

func fromAnswer(a Answer) *multiitemv1.Answer {
	p := &multiitemv1.Answer{
		Index: uint64(a.Index), Status: multiitemv1.Status(a.Status), Object: a.Object,
		Message: clip(a.Message, maxText),
	}
	p.Warnings, p.Errors = fromTexts(a.Warnings, "warnings"), fromTexts(a.Errors, "errors")
	for _, id := range a.AdditionalItems {
		p.AdditionalItems = append(p.AdditionalItems, fromID(id))
	}
	return p
}

// toTexts takes the warnings or errors of an answer.
func toTexts(texts []string) []string {
	var all []string
	for _, text := range texts[:min(len(texts), maxWarnings)] {
		all = append(all, clip(text, maxText))
	}
	return all
}

// fromTexts bounds them, and tells of what it leaves out.
func fromTexts(texts []string, what string) []string {
	var all []string
	for i, text := range texts {
		if i == maxWarnings-1 && len(texts) > maxWarnings {
			return append(all, fmt.Sprintf("%d further %s", len(texts)-i, what))
		}
		all = append(all, clip(text, maxText))
	}
	return all
}

func toCreated(p *multiitemv1.Created) Created {
	c := Created{ID: toID(p.GetId()), Object: p.GetObject()}
	for _, i := range p.GetFrom() {
		c.From = append(c.From, toIndex(i))
	}
	return c
}

func fromCreated(c Created) *multiitemv1.Created {
	p := &multiitemv1.Created{Id: fromID(c.ID), Object: c.Object}
	for _, i := range c.From {
		p.From = append(p.From, uint64(i))
	}
	return p
}

func toClosing(p *multiitemv1.Closing) *Closing {
	c := &Closing{Answers: toCount(p.GetAnswers()), Created: toCount(p.GetCreated())}
	for _, r := range p.GetRecords() {
		c.Records = append(c.Records, toRecord(r))
	}
	return c
}

func toRecord(p *multiitemv1.Record) Record {
	r := Record{
		Step: p.GetStep(), Function: p.GetFunction(), Digest: p.GetDigest(),
		Calls: toCount(p.GetCalls()), StderrTail: clip(p.GetStderrTail(), maxText),
	}
	for k, n := range p.GetCounts() {
		if r.Counts == nil {
			r.Counts = make(map[string]int)
		}
		r.Counts[k] = toCount(n)
	}
	for k, n := range p.GetDurationsNs() {
		if r.Durations == nil {
			r.Durations = make(map[string]time.Duration)
		}
		r.Durations[k] = time.Duration(toCount(n))
	}
	for i, res := range p.GetResults() {
		if i == maxResults {
			break
		}
		r.Results = append(r.Results, toResult(res))
	}
	return r
}

func toResult(p *multiitemv1.Result) Result {
	r := Result{Severity: p.GetSeverity(), Message: clip(p.GetMessage(), maxText)}
	if p.Index != nil {
		index := toIndex(p.GetIndex())
		r.Index = &index
	}
	return r
}

func fromRecord(r Record) *multiitemv1.Record {
	p := &multiitemv1.Record{
		Step: clip(r.Step, maxText), Function: clip(r.Function, maxText), Digest: clip(r.Digest, maxText),
		Calls: fromCount(r.Calls), StderrTail: clip(r.StderrTail, maxText),
		Counts:      make(map[string]uint64, len(r.Counts)),
		DurationsNs: make(map[string]uint64, len(r.Durations)),
	}
	for k, n := range r.Counts {
		p.Counts[clip(k, maxText)] = fromCount(n)
	}
	for k, d := range r.Durations {
		p.DurationsNs[clip(k, maxText)] = fromCount(int(d))
	}
	for _, res := range r.Results[:min(len(r.Results), maxResults)] {
		p.Results = append(p.Results, fromResult(res))
	}
	return p
}

func fromResult(r Result) *multiitemv1.Result {
	p := &multiitemv1.Result{Severity: clip(r.Severity, maxText), Message: clip(r.Message, maxText)}
	if r.Index != nil {
		index := uint64(*r.Index)
		p.Index = &index
	}
	return p
}
