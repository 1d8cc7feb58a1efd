package main

import (
	"github.com/spf13/pflag"
	"github.com/vmware-tanzu/velero/pkg/plugin/framework"
	_ "github.com/velero-krm/velero-krm/pipeline"
	_ "k8s.io/client-go/dynamic"
	_ "k8s.io/client-go/dynamic/fake"
	_ "k8s.io/client-go/kubernetes/fake"
	_ "github.com/google/go-cmp/cmp"
	_ "github.com/pkg/errors"
	_ "github.com/sirupsen/logrus"
	_ "k8s.io/api/core/v1"
	_ "k8s.io/apimachinery/pkg/apis/meta/v1"
)

func main() {
	framework.NewServer().BindFlags(pflag.CommandLine).Serve()
}
