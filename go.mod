module github.com/velero-krm/velero-krm

go 1.26.0
