package krmfn

import "errors"

// Sentinels that Build returns, found by errors.Is. The first four are those of
// the original library.
var (
	// ErrInputRequired says that the builder got no object.
	ErrInputRequired = errors.New("inputs are required")
	// ErrFunctionRequired says that the builder got no function.
	ErrFunctionRequired = errors.New("at least one function is required")
	// ErrUnsupportedInputList says that an object given to WithInputs is a
	// list: pass its items one by one.
	ErrUnsupportedInputList = errors.New("unsupported input of type List")
	// ErrFunctionNameRequired says that a Function has no Name.
	ErrFunctionNameRequired = errors.New("function must have a name")

	// ErrImageUnsupported says that a Function names a container image, which
	// cannot be run yet: use the executable inside it with Exec.
	ErrImageUnsupported = errors.New("container image functions are not supported: use exec")
	// ErrExecRequired says that a Function has neither Exec nor Image.
	ErrExecRequired = errors.New("function must have exec")
	// ErrConfigConflict says that a Function has both ConfigMap and Config.
	ErrConfigConflict = errors.New("function must have configMap or config, not both")
)
