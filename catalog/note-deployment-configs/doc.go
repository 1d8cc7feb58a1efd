// Package notedeploymentconfigs is the function note-deployment-configs: it
// notes on backup what a restore must know of the pods of DeploymentConfigs.
//
// Its config is none. It must see the whole list. Which annotations it sets is
// in README.md.
package notedeploymentconfigs
