package krm

import (
	"fmt"
	"testing"
)

func TestQuick(t *testing.T) {
	for _, s := range []string{
		"apiVersion: config.kubernetes.io/v1\nkind: ResourceList\nitems:\n- {\"apiVersion\": v1, \"kind\": \"A\", metadata: {name: x}, a: [yes, 0x1F, 012, 08, 1e3, .5, 12345678901234567890123, 2001-12-14, ~, 1_0, 0o14]}\n",
		"hello\n{\"kind\":\"ResourceList\"}",
		"hello: x\napiVersion: config.kubernetes.io/v1\nkind: ResourceList\nitems:\n",
		"apiVersion: config.kubernetes.io/v1\nkind: ResourceList\nitems:\n- hello\n",
		"apiVersion: config.kubernetes.io/v1\nkind: ResourceList\nitems:\n- a: 1\n  a: 2\n",
		"apiVersion: config.kubernetes.io/v1\nkind: ResourceList\nitems: &x\n- *x\n",
		"apiVersion: config.kubernetes.io/v1\nkind: ResourceList\nitems:\n- &x {<<: *x}\n",
		"apiVersion: config.kubernetes.io/v1\nkind: ResourceList\nitems: []\ndone",
		"apiVersion: config.kubernetes.io/v1\nkind: ResourceList\nitems: []\n---\na: 1",
		"---\n# x\n",
	} {
		g, err := Decode([]byte(s), DecodeOptions{})
		fmt.Println(err)
		if g != nil {
			for _, i := range g.Items {
				fmt.Println(string(i.Raw()))
			}
		}
	}
}
