// Package fntest tests a KRM function by folders of data.
//
// A case is a folder with these files:
//
//	input.yaml      the objects, any number of YAML documents
//	config.yaml     the functionConfig; may be absent
//	expected.yaml   the objects that come out
//	results.txt     the results that come out, one to a line, with the
//	                additional items that they ask for; absent for none
//	errors.txt      instead of expected.yaml: the function must fail, and each
//	                line is a regular expression that some error must match
//
// [Run] runs each case in the process and by every [Way] the suite has, and
// wants the same from all of them. It also checks what every function of this
// project promises: what goes in is not changed; objects that do not change
// come back as the same items; a second run changes nothing; objects one by one
// give what the list at once gives; fields of unexpected types never make the
// function panic.
//
// Objects with the annotation config.kubernetes.io/local-config: "true" stand
// for what an orchestrator hands to a function beside the objects of a backup,
// as the context of a run is: they go with each object that is tried alone.
package fntest
