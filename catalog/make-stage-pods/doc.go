// Package makestagepods is the function make-stage-pods: the pods of a
// migration's stage run hold the volumes and do nothing else.
//
// Its config is none; a label of the pods and an annotation of the Restore, in
// the run's context, say which pods and what they run. README.md lists them.
package makestagepods
