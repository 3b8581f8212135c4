package engine_test

import (
	"errors"

	"nacre/internal/fault"
)

// fields are the paths of an Invalid fault.
func fields(err error) []string {
	var f *fault.Error
	if !errors.As(err, &f) || f.Kind != fault.Invalid {
		return []string{"not invalid:", errorText(err)}
	}
	var paths []string
	for _, field := range f.Fields {
		paths = append(paths, field.Path)
	}
	return paths
}

// missed is what a NotFound fault names.
func missed(err error) string {
	var f *fault.Error
	if !errors.As(err, &f) || f.Kind != fault.NotFound {
		return "not a miss: " + errorText(err)
	}
	return f.What
}

func errorText(err error) string {
	if err == nil {
		return "no error"
	}
	return err.Error()
}
