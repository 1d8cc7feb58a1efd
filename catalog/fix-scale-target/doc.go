// Package fixscaletarget is the function fix-scale-target: autoscalers name
// DeploymentConfigs by the API group that serves them.
//
// Its config is none. What counts as wrong is in README.md.
package fixscaletarget
