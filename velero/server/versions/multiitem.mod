// Package multiitem alone, as the edited Velero has it: what else velero-krm
// requires has no say in Velero's dependencies. The versions are the least that
// do, those of Velero 1.16, so that each Velero keeps its own.
module github.com/velero-krm/velero-krm

go 1.23.0

require (
	github.com/hashicorp/go-hclog v0.14.1
	github.com/hashicorp/go-plugin v1.6.0
	google.golang.org/grpc v1.69.4
	google.golang.org/protobuf v1.36.3
)
