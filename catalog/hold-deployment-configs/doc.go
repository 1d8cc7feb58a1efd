// Package holddeploymentconfigs is the function hold-deployment-configs:
// DeploymentConfigs whose pods are restored themselves start none of their own
// until somebody lets them.
//
// Its config is none; the annotations that openshift-velero-plugin sets on
// backup and the run's context say which. README.md lists them.
package holddeploymentconfigs
