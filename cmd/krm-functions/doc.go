// Command krm-functions is every function of the catalogue in one executable.
//
//	krm-functions route < list.json      runs the function route
//	ln -s krm-functions route; ./route   so does a link with its name
//	krm-functions --help                 lists the functions
//	krm-functions help route             shows the config of one
//
// A function reads a ResourceList (config.kubernetes.io/v1), JSON or YAML, on
// stdin and writes one, in the same format, on stdout. Exit codes: 0; 1 when
// the function failed or gave a result of severity error; 2 when the command
// line is wrong.
package main
