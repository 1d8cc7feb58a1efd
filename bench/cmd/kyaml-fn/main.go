// Command kyaml-fn is a KRM function written with kyaml's framework as its
// authors recommend, unchanged for this project: it sets the labels given in
// the data of its functionConfig on every object.
package main

import (
	"os"

	"sigs.k8s.io/kustomize/kyaml/fn/framework"
	"sigs.k8s.io/kustomize/kyaml/fn/framework/command"
	"sigs.k8s.io/kustomize/kyaml/kio"
	"sigs.k8s.io/kustomize/kyaml/yaml"
)

func main() {
	config := struct {
		Data map[string]string `yaml:"data" json:"data"`
	}{}
	set := kio.FilterFunc(func(nodes []*yaml.RNode) ([]*yaml.RNode, error) {
		for _, node := range nodes {
			for key, value := range config.Data {
				if err := node.PipeE(yaml.SetLabel(key, value)); err != nil {
					return nil, err
				}
			}
		}
		return nodes, nil
	})
	cmd := command.Build(framework.SimpleProcessor{Config: &config, Filter: set}, command.StandaloneDisabled, false)
	if err := cmd.Execute(); err != nil {
		os.Exit(1)
	}
}
