// Package multiitemv1 is generated from proto/v1/multiitem.proto: the messages
// and services of multi-item actions as they are on the wire. Plugin authors
// and hosts in Go use package multiitem instead.
package multiitemv1
