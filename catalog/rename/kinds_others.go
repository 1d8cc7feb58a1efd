package rename

// addMonitoring adds the kinds of the Prometheus operator.
func addMonitoring(table map[groupKind]spec) {
	const group = "monitoring.coreos.com"
	endpoint := accessReferences()
	table[groupKind{group, "ServiceMonitor"}] = endpoint.in("spec.endpoints[*]")
	table[groupKind{group, "PodMonitor"}] = endpoint.in("spec.podMetricsEndpoints[*]")
	table[groupKind{group, "Probe"}] = endpoint.in("spec")
	table[groupKind{group, "ScrapeConfig"}] = endpoint.in("spec")
	server := podReferences("spec").and(
		to(core, "Service", "spec.serviceName"),
		secrets("spec.secrets[*]", "spec.configSecret", "spec.additionalScrapeConfigs.name", "spec.additionalAlertManagerConfigs.name", "spec.additionalAlertRelabelConfigs.name", "spec.thanos.objectStorageConfig.name"),
		configMaps("spec.configMaps[*]"),
		refs(core, "Service", "spec.alerting.alertmanagers[*]"),
		endpoint.in("spec.alerting.alertmanagers[*]"),
		endpoint.in("spec.remoteWrite[*]"),
		endpoint.in("spec.remoteRead[*]"),
		claimReferences().in("spec.storage.volumeClaimTemplate.spec"),
		to(group, "AlertmanagerConfig", "spec.alertmanagerConfiguration.name"),
	)
	for _, kind := range []string{"Prometheus", "PrometheusAgent", "Alertmanager", "ThanosRuler"} {
		table[groupKind{group, kind}] = server
	}
}

// accessReferences are how Prometheus says who it is and whom it trusts.
func accessReferences() spec {
	s := secrets("basicAuth.username.name", "basicAuth.password.name", "bearerTokenSecret.name", "authorization.credentials.name",
		"oauth2.clientSecret.name", "oauth2.clientId.secret.name", "tlsConfig.keySecret.name").and(configMaps("oauth2.clientId.configMap.name"))
	for _, use := range []string{"tlsConfig.ca", "tlsConfig.cert"} {
		s = s.and(secrets(use+".secret.name"), configMaps(use+".configMap.name"))
	}
	return s
}

// addCertificates adds the kinds of cert-manager. Of kinds of other projects
// those references are here that are certain; all their other fields are looked
// at as those of custom resources are.
func addCertificates(table map[groupKind]spec) {
	const cert = "cert-manager.io"
	issuer := refs(cert, "Issuer", "spec.issuerRef")
	table[groupKind{cert, "Certificate"}] = issuer.and(secrets("spec.secretName", "spec.keystores.jks.passwordSecretRef.name", "spec.keystores.pkcs12.passwordSecretRef.name"))
	table[groupKind{cert, "CertificateRequest"}] = issuer
	table[groupKind{cert, "Issuer"}] = secrets("spec.ca.secretName", "spec.acme.privateKeySecretRef.name")
}

// addMachines adds the kinds of KubeVirt.
func addMachines(table map[groupKind]spec) {
	machine := spec{}.and(
		secrets("volumes[*].secret.secretName", "volumes[*].cloudInitNoCloud.secretRef.name", "volumes[*].cloudInitNoCloud.networkDataSecretRef.name",
			"volumes[*].cloudInitConfigDrive.secretRef.name", "volumes[*].cloudInitConfigDrive.networkDataSecretRef.name", "volumes[*].sysprep.secret.name",
			"accessCredentials[*].sshPublicKey.source.secret.secretName", "accessCredentials[*].userPassword.source.secret.secretName"),
		configMaps("volumes[*].configMap.name", "volumes[*].sysprep.configMap.name"),
		to(core, "PersistentVolumeClaim", "volumes[*].persistentVolumeClaim.claimName"),
		to("cdi.kubevirt.io", "DataVolume", "volumes[*].dataVolume.name"),
		to(core, "ServiceAccount", "volumes[*].serviceAccount.serviceAccountName"),
		to("scheduling.k8s.io", "PriorityClass", "priorityClassName"),
		to(core, "Service", "subdomain"),
	)
	disk := spec{}.and(
		refs(core, "PersistentVolumeClaim", "source.pvc"),
		refs(snapshots, "VolumeSnapshot", "source.snapshot"),
		refs("cdi.kubevirt.io", "DataSource", "sourceRef"),
		secrets("source.http.secretRef", "source.s3.secretRef", "source.gcs.secretRef", "source.registry.secretRef", "source.imageio.secretRef"),
		configMaps("source.http.certConfigMap", "source.registry.certConfigMap", "source.imageio.certConfigMap"),
		claimReferences().in("pvc"), claimReferences().in("storage"),
	)
	table[groupKind{"kubevirt.io", "VirtualMachine"}] = machine.in("spec.template.spec").and(disk.in("spec.dataVolumeTemplates[*].spec"))
	table[groupKind{"kubevirt.io", "VirtualMachineInstance"}] = machine.in("spec")
	table[groupKind{"cdi.kubevirt.io", "DataVolume"}] = disk.in("spec")
	table[groupKind{"cdi.kubevirt.io", "DataSource"}] = refs(core, "PersistentVolumeClaim", "spec.source.pvc").and(refs(snapshots, "VolumeSnapshot", "spec.source.snapshot"))
}

// addControllers adds kinds that make or scale pods.
func addControllers(table map[groupKind]spec) {
	const knative = "serving.knative.dev"
	table[groupKind{knative, "Revision"}] = podReferences("spec")
	for _, gk := range []groupKind{{knative, "Service"}, {knative, "Configuration"}, {"argoproj.io", "Rollout"}} {
		table[gk] = podReferences("spec.template.spec")
	}
	table[groupKind{"argoproj.io", "Rollout"}] = podReferences("spec.template.spec").and(
		refs("apps", "Deployment", "spec.workloadRef"),
		to(core, "Service", "spec.strategy.blueGreen.activeService", "spec.strategy.blueGreen.previewService", "spec.strategy.canary.stableService", "spec.strategy.canary.canaryService"))
	table[groupKind{"keda.sh", "ScaledObject"}] = refs("apps", "Deployment", "spec.scaleTargetRef")
	table[groupKind{"keda.sh", "TriggerAuthentication"}] = secrets("spec.secretTargetRef[*].name").and(configMaps("spec.configMapTargetRef[*].name"))
}
