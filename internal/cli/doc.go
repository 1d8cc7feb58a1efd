// Package cli is the velero-krm command. [Main] runs it with the streams and
// arguments it is given and returns the exit code; it keeps no state and never
// ends the process, so that tests run it as it is.
package cli
