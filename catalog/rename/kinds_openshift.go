package rename

func addOpenShift(table map[groupKind]spec) {
	table[groupKind{"route" + openshift, "Route"}] = refs(core, "Service", "spec.to", "spec.alternateBackends[*]").and(secrets("spec.tls.externalCertificate.name"))
	hook := words("execNewPod.command[*]").and(envReferences().in("execNewPod"), refs("", "", "tagImages[*].to"))
	config := refs("", "", "spec.triggers[*].imageChangeParams.from").and(
		envReferencesOf("environment").in("spec.strategy.customParams"), words("spec.strategy.customParams.command[*]"))
	for _, moment := range []string{"recreateParams.pre", "recreateParams.mid", "recreateParams.post", "rollingParams.pre", "rollingParams.post"} {
		config = config.and(hook.in("spec.strategy." + moment))
	}
	table[groupKind{"apps" + openshift, "DeploymentConfig"}] = config
	table[groupKind{"image" + openshift, "ImageStream"}] = refs("", "", "spec.tags[*].from")
	table[groupKind{"image" + openshift, "ImageStreamTag"}] = refs("", "", "tag.from")
	table[groupKind{"image" + openshift, "ImageTag"}] = refs("", "", "spec.from")
	table[groupKind{"network" + openshift, "HostSubnet"}] = to(core, "Node", "host")
	table[groupKind{"template" + openshift, "TemplateInstance"}] = secrets("spec.secret.name")
	table[groupKind{"template" + openshift, "BrokerTemplateInstance"}] = refs("template"+openshift, "TemplateInstance", "spec.templateInstance").and(refs(core, "Secret", "spec.secret"))
}

// envReferencesOf are those of environment variables under another key than
// env.
func envReferencesOf(key string) spec {
	return secrets(key+"[*].valueFrom.secretKeyRef.name").and(configMaps(key+"[*].valueFrom.configMapKeyRef.name"), words(key+"[*].value"))
}

func addBuilds(table map[groupKind]spec) {
	build := spec{}.and(
		to(core, "ServiceAccount", "serviceAccount"),
		secrets("source.sourceSecret.name", "source.secrets[*].secret.name", "source.images[*].pullSecret.name", "output.pushSecret.name"),
		configMaps("source.configMaps[*].configMap.name"),
		refs("", "", "source.images[*].from", "output.to"),
		words("source.git.uri", "source.git.httpProxy", "source.git.httpsProxy", "postCommit.command[*]", "postCommit.args[*]", "postCommit.script"),
	)
	for _, strategy := range []string{"dockerStrategy", "sourceStrategy", "customStrategy", "jenkinsPipelineStrategy"} {
		build = build.and(envReferences().and(
			refs("", "", "from"),
			secrets("pullSecret.name", "volumes[*].source.secret.secretName", "secrets[*].secretSource.name"),
			configMaps("volumes[*].source.configMap.name"),
			envReferencesOf("buildArgs"),
		).in("strategy." + strategy))
	}
	build = build.in("spec")
	table[groupKind{"build" + openshift, "Build"}] = build.and(refs("", "", "spec.triggeredBy[*].imageChangeBuild.fromRef"))
	config := build.and(refs("", "", "spec.triggers[*].imageChange.from"))
	for _, hook := range []string{"github", "gitlab", "bitbucket", "generic"} {
		config = config.and(secrets("spec.triggers[*]." + hook + ".secretReference.name"))
	}
	table[groupKind{"build" + openshift, "BuildConfig"}] = config
}
