// Package noteowners is the function note-owners: it notes on backup, on what
// belongs to a DeploymentConfig or to the pod of a build, what a restore must
// know of that owner.
//
// Its config is none. It must see the whole list. What it notes is in
// README.md.
package noteowners
