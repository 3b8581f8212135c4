package main

import (
	"errors"
	"fmt"
	"slices"

	"google.golang.org/protobuf/encoding/protowire"

	"nacre/internal/hearing"
)

// onnxFloat is the number of float32 among the types of a tensor.
const onnxFloat = 1

// silero takes the weights of the branch for 8 kHz out of Silero's model, in the order in which package hearing wants them.
// The model is a graph with an If, whose else branch is that for 8 kHz (onnx.proto).
func silero(model []byte) ([]byte, error) {
	tensors := map[string]tensor{}
	err := each(model, func(number protowire.Number, graph []byte, _ uint64) error {
		if number != 7 { // ModelProto.graph
			return nil
		}
		return nodes(graph, func(kind string, attributes [][]byte) error {
			if kind != "If" {
				return nil
			}
			for _, a := range attributes {
				if name, branch, _, err := attribute(a); err != nil {
					return err
				} else if name != "else_branch" {
					continue
				} else if err := nodes(branch, func(kind string, attributes [][]byte) error {
					for _, a := range attributes {
						if _, _, raw, err := attribute(a); err != nil {
							return err
						} else if kind == "Constant" && raw != nil {
							t, err := readTensor(raw)
							if err != nil {
								return err
							}
							tensors[t.name] = t
						}
					}
					return nil
				}); err != nil {
					return err
				}
			}
			return nil
		})
	})
	if err != nil {
		return nil, err
	}
	var weights []byte
	for _, part := range hearing.SpeechModelParts() {
		t, ok := tensors[part.Name]
		if !ok {
			return nil, fmt.Errorf("the model has no %s", part.Name)
		}
		size := 4
		for _, d := range part.Shape {
			size *= d
		}
		if !slices.Equal(t.shape, part.Shape) || t.kind != onnxFloat || len(t.raw) != size {
			return nil, fmt.Errorf("%s has the shape %v, not %v", part.Name, t.shape, part.Shape)
		}
		weights = append(weights, t.raw...) // little endian, as all of ONNX
	}
	return weights, nil
}

// each calls do for the fields of a message: bytes for those with a length, value for numbers.
func each(message []byte, do func(number protowire.Number, bytes []byte, value uint64) error) error {
	for len(message) > 0 {
		number, kind, n := protowire.ConsumeTag(message)
		if n < 0 {
			return protowire.ParseError(n)
		}
		message = message[n:]
		var bytes []byte
		var value uint64
		switch kind {
		case protowire.BytesType:
			bytes, n = protowire.ConsumeBytes(message)
		case protowire.VarintType:
			value, n = protowire.ConsumeVarint(message)
		default:
			n = protowire.ConsumeFieldValue(number, kind, message)
		}
		if n < 0 {
			return protowire.ParseError(n)
		}
		message = message[n:]
		if err := do(number, bytes, value); err != nil {
			return err
		}
	}
	return nil
}

// nodes calls do for the nodes of a GraphProto.
func nodes(graph []byte, do func(kind string, attributes [][]byte) error) error {
	return each(graph, func(number protowire.Number, node []byte, _ uint64) error {
		if number != 1 { // GraphProto.node
			return nil
		}
		var kind string
		var attributes [][]byte
		err := each(node, func(number protowire.Number, bytes []byte, _ uint64) error {
			switch number {
			case 4: // NodeProto.op_type
				kind = string(bytes)
			case 5: // NodeProto.attribute
				attributes = append(attributes, bytes)
			}
			return nil
		})
		if err != nil {
			return err
		}
		return do(kind, attributes)
	})
}

// attribute returns the name of an AttributeProto and its graph or tensor.
func attribute(message []byte) (name string, graph, tensor []byte, err error) {
	err = each(message, func(number protowire.Number, bytes []byte, _ uint64) error {
		switch number {
		case 1:
			name = string(bytes)
		case 5:
			tensor = bytes
		case 6:
			graph = bytes
		}
		return nil
	})
	return name, graph, tensor, err
}

// tensor is a TensorProto.
type tensor struct {
	name  string
	kind  uint64
	shape []int
	raw   []byte
}

func readTensor(message []byte) (t tensor, err error) {
	err = each(message, func(number protowire.Number, bytes []byte, value uint64) error {
		switch number {
		case 1: // dims, one by one or packed
			if bytes == nil {
				t.shape = append(t.shape, int(value))
			}
			for len(bytes) > 0 {
				d, n := protowire.ConsumeVarint(bytes)
				if n < 0 {
					return errors.New("broken dimensions")
				}
				t.shape, bytes = append(t.shape, int(d)), bytes[n:]
			}
		case 2:
			t.kind = value
		case 8:
			t.name = string(bytes)
		case 9:
			t.raw = bytes
		}
		return nil
	})
	return t, err
}
