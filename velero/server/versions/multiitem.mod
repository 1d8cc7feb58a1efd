// Package multiitem alone, as the edited Velero has it: what else velero-krm
// requires has no say in Velero's dependencies.
module github.com/velero-krm/velero-krm

go 1.26.0

require (
	github.com/hashicorp/go-hclog v1.6.3
	github.com/hashicorp/go-plugin v1.7.0
	google.golang.org/grpc v1.83.1
	google.golang.org/protobuf v1.36.11
)
