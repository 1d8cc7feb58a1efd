package catalog

import (
	"github.com/velero-krm/velero-krm/catalog/clear-cluster-fields"
	"github.com/velero-krm/velero-krm/catalog/drop"
	"github.com/velero-krm/velero-krm/catalog/drop-generated"
	"github.com/velero-krm/velero-krm/catalog/fix-scale-target"
	"github.com/velero-krm/velero-krm/catalog/hold-deployment-configs"
	"github.com/velero-krm/velero-krm/catalog/include-constraints"
	"github.com/velero-krm/velero-krm/catalog/make-stage-pods"
	"github.com/velero-krm/velero-krm/catalog/map-namespaces"
	"github.com/velero-krm/velero-krm/catalog/move-internal-images"
	"github.com/velero-krm/velero-krm/catalog/note-cluster"
	"github.com/velero-krm/velero-krm/catalog/note-deployment-configs"
	"github.com/velero-krm/velero-krm/catalog/note-owners"
	"github.com/velero-krm/velero-krm/catalog/prepare-image-tags"
	"github.com/velero-krm/velero-krm/catalog/prepare-pods"
	"github.com/velero-krm/velero-krm/catalog/redact-secrets"
	"github.com/velero-krm/velero-krm/catalog/relate-image-tags"
	"github.com/velero-krm/velero-krm/catalog/remove-annotations"
	"github.com/velero-krm/velero-krm/catalog/remove-dockercfg"
	"github.com/velero-krm/velero-krm/catalog/remove-fields"
	"github.com/velero-krm/velero-krm/catalog/rename"
	"github.com/velero-krm/velero-krm/catalog/replace"
	"github.com/velero-krm/velero-krm/catalog/required-fields"
	"github.com/velero-krm/velero-krm/catalog/resource-modifiers"
	"github.com/velero-krm/velero-krm/catalog/route"
	"github.com/velero-krm/velero-krm/catalog/seal-secrets"
	"github.com/velero-krm/velero-krm/catalog/served-apis"
	"github.com/velero-krm/velero-krm/catalog/service"
	"github.com/velero-krm/velero-krm/catalog/set-annotations"
	"github.com/velero-krm/velero-krm/catalog/set-image-registry"
	"github.com/velero-krm/velero-krm/catalog/set-ingress"
	"github.com/velero-krm/velero-krm/catalog/set-labels"
	"github.com/velero-krm/velero-krm/catalog/set-migrated-volumes"
	"github.com/velero-krm/velero-krm/catalog/set-pull-secrets"
	"github.com/velero-krm/velero-krm/catalog/set-replicas"
	"github.com/velero-krm/velero-krm/catalog/set-storage-class"
	"github.com/velero-krm/velero-krm/catalog/starlark"
	"github.com/velero-krm/velero-krm/catalog/suspend"
	"github.com/velero-krm/velero-krm/catalog/uniquify-claims"
	"github.com/velero-krm/velero-krm/catalog/unseal-secrets"
	"github.com/velero-krm/velero-krm/fn"
)

// Functions returns every function of the catalogue, sorted by name.
func Functions() []fn.Function {
	return append(celFunction(), // cel, which is the first by name, too
		clearclusterfields.Function(),
		drop.Function(),
		dropgenerated.Function(),
		fixscaletarget.Function(),
		holddeploymentconfigs.Function(),
		includeconstraints.Function(),
		makestagepods.Function(),
		mapnamespaces.Function(),
		moveinternalimages.Function(),
		notecluster.Function(),
		notedeploymentconfigs.Function(),
		noteowners.Function(),
		prepareimagetags.Function(),
		preparepods.Function(),
		redactsecrets.Function(),
		relateimagetags.Function(),
		removeannotations.Function(),
		removedockercfg.Function(),
		removefields.Function(),
		rename.Function(),
		replace.Function(),
		requiredfields.Function(),
		resourcemodifiers.Function(),
		route.Function(),
		sealsecrets.Function(),
		servedapis.Function(),
		service.Function(),
		setannotations.Function(),
		setimageregistry.Function(),
		setingress.Function(),
		setlabels.Function(),
		setmigratedvolumes.Function(),
		setpullsecrets.Function(),
		setreplicas.Function(),
		setstorageclass.Function(),
		starlark.Function(),
		suspend.Function(),
		uniquifyclaims.Function(),
		unsealsecrets.Function(),
	)
}

// Lookup returns the function with that name, and whether there is one.
func Lookup(name string) (fn.Function, bool) {
	for _, f := range Functions() {
		if f.Name() == name {
			return f, true
		}
	}
	return fn.Function{}, false
}

// Names returns the names of every function, sorted.
func Names() []string {
	functions := Functions()
	names := make([]string, len(functions))
	for i, f := range functions {
		names[i] = f.Name()
	}
	return names
}
