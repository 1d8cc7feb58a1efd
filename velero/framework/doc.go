// Package framework serves a plugin process of Velero that has multi-item
// actions next to all of Velero's own plugin kinds.
//
// It is used as Velero's package of that name, whose Server cannot be extended:
//
//	framework.NewServer().
//		BindFlags(pflag.CommandLine).
//		RegisterBackupMultiItemAction("example.com/label", newLabeller).
//		RegisterBackupItemActionV2("example.com/label", newSingleLabeller).
//		Serve()
//
// A Velero with multi-item actions calls the first and not the second, because
// they have one name; a stock Velero 1.16 to 1.18 knows and calls the second.
// What multi-item actions are, package multiitem tells.
package framework
