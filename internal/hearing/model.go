package hearing

import (
	"encoding/binary"
	"fmt"
	"math"

	"nacre/internal/call"
)

// SpeechModel tells speech from other sounds: the 8 kHz branch of Silero VAD v5, in plain Go. It is a short-time Fourier
// transform (as a convolution), four convolutions over its magnitudes, a long short-term memory and a sigmoid. It holds the
// weights alone: one serves all calls.
type SpeechModel struct {
	transform []float32 // 130 × 128: cosines of 65 frequencies, then sines
	convs     [4]convolution
	input     []float32 // of the memory: 512 × 128 for the window's features, gates in the order input, forget, cell, output
	recurrent []float32 // 512 × 128 for what it said last
	bias      []float32 // 512: the sum of the two that the model has
	out       []float32 // 128
	outBias   float32
}

// convolution over time, kernel 3, padding 1, ReLU.
type convolution struct {
	weights   []float32 // out × 3 × in: the kernel's positions outside, so that a dot product runs over neighbouring numbers
	bias      []float32
	in, out   int
	stride    int
	positions int // of the output
}

const (
	modelWindow  = 256 // new samples of a window: 32 ms
	modelContext = 32  // samples of the window before, which it sees again
	modelKernel  = 128 // of the transform
	modelStep    = 64
	modelBands   = modelKernel/2 + 1
	modelSteps   = 4 // positions of the transform in a window
	modelMemory  = 128
)

// ModelPart names a tensor of the weights.
type ModelPart struct {
	Name  string
	Shape []int
}

// SpeechModelParts lists the tensors that NewSpeechModel reads, in order, as the model of Silero names them.
func SpeechModelParts() []ModelPart {
	return []ModelPart{
		{"stft.forward_basis_buffer", []int{2 * modelBands, 1, modelKernel}},
		{"encoder.0.reparam_conv.weight", []int{128, modelBands, 3}},
		{"encoder.0.reparam_conv.bias", []int{128}},
		{"encoder.1.reparam_conv.weight", []int{64, 128, 3}},
		{"encoder.1.reparam_conv.bias", []int{64}},
		{"encoder.2.reparam_conv.weight", []int{64, 64, 3}},
		{"encoder.2.reparam_conv.bias", []int{64}},
		{"encoder.3.reparam_conv.weight", []int{128, 64, 3}},
		{"encoder.3.reparam_conv.bias", []int{128}},
		{"decoder.rnn.weight_ih", []int{4 * modelMemory, 128}},
		{"decoder.rnn.weight_hh", []int{4 * modelMemory, modelMemory}},
		{"decoder.rnn.bias_ih", []int{4 * modelMemory}},
		{"decoder.rnn.bias_hh", []int{4 * modelMemory}},
		{"decoder.decoder.2.weight", []int{1, modelMemory, 1}},
		{"decoder.decoder.2.bias", []int{1}},
	}
}

// NewSpeechModel reads the weights: the tensors of SpeechModelParts one after another, float32, little endian.
func NewSpeechModel(raw []byte) (*SpeechModel, error) {
	parts := SpeechModelParts()
	var tensors [][]float32
	rest := raw
	for _, part := range parts {
		size := 1
		for _, d := range part.Shape {
			size *= d
		}
		if len(rest) < 4*size {
			return nil, fmt.Errorf("read speech model: %d bytes are too few", len(raw))
		}
		values := make([]float32, size)
		for i := range values {
			values[i] = math.Float32frombits(binary.LittleEndian.Uint32(rest[4*i:]))
			if math.IsNaN(float64(values[i])) || math.Abs(float64(values[i])) > 1000 {
				return nil, fmt.Errorf("read speech model: %s has a weight of %g", part.Name, values[i])
			}
		}
		tensors, rest = append(tensors, values), rest[4*size:]
	}
	if len(rest) > 0 {
		return nil, fmt.Errorf("read speech model: %d bytes are too many", len(raw))
	}
	m := &SpeechModel{transform: tensors[0], input: tensors[9], recurrent: tensors[10], bias: tensors[11], out: tensors[13], outBias: tensors[14][0]}
	for i, b := range tensors[12] {
		m.bias[i] += b
	}
	positions := modelSteps
	for n, stride := range []int{1, 2, 2, 1} {
		shape := parts[1+2*n].Shape
		c := convolution{bias: tensors[2+2*n], in: shape[1], out: shape[0], stride: stride, positions: (positions-1)/stride + 1}
		c.weights = make([]float32, c.out*3*c.in)
		for o := range c.out {
			for i := range c.in {
				for k := range 3 {
					c.weights[(o*3+k)*c.in+i] = tensors[1+2*n][(o*c.in+i)*3+k]
				}
			}
		}
		m.convs[n], positions = c, c.positions
	}
	return m, nil
}

// listener is a SpeechModel over the audio of one call. Probability is of the last whole window.
type listener struct {
	model *SpeechModel
	sound [modelContext + modelWindow + modelContext]float32 // the context, the window, its end mirrored
	have  int                                                // samples of the window so far
	// The features of a window after each layer, a row a position, with an empty row at both ends.
	rows        [5][]float32
	said, cell  [modelMemory]float32
	gates       [4 * modelMemory]float32
	probability float32
	windows     int // since reset
}

func newListener(model *SpeechModel) *listener {
	l := &listener{model: model}
	l.rows[0] = make([]float32, (modelSteps+2)*modelBands)
	for n, c := range model.convs {
		l.rows[n+1] = make([]float32, (c.positions+2)*c.out)
	}
	return l
}

// reset forgets what was heard.
func (l *listener) reset() {
	clear(l.sound[:])
	clear(l.said[:])
	clear(l.cell[:])
	l.have, l.probability, l.windows = 0, 0, 0
}

// push takes a frame. Windows of 32 ms end in some of the frames of 20 ms; it reports whether one has.
func (l *listener) push(frame *call.Frame) (judged bool) {
	for _, sample := range frame {
		l.sound[modelContext+l.have] = float32(sample) / 32768
		if l.have++; l.have == modelWindow {
			l.judge()
			copy(l.sound[:modelContext], l.sound[modelWindow:modelWindow+modelContext])
			l.have, judged = 0, true
		}
	}
	return judged
}

// judge computes the probability of speech in the window.
func (l *listener) judge() {
	m := l.model
	l.windows++
	const end = modelContext + modelWindow
	for i := range modelContext { // mirrored at its last sample
		l.sound[end+i] = l.sound[end-2-i]
	}
	for step := range modelSteps {
		heard := l.sound[step*modelStep : step*modelStep+modelKernel]
		row := l.rows[0][(step+1)*modelBands : (step+2)*modelBands]
		for band := range row {
			real := dot(heard, m.transform[band*modelKernel:])
			imaginary := dot(heard, m.transform[(modelBands+band)*modelKernel:])
			row[band] = float32(math.Sqrt(float64(real*real + imaginary*imaginary)))
		}
	}
	for n := range m.convs {
		m.convs[n].apply(l.rows[n], l.rows[n+1])
	}
	features := l.rows[4][modelMemory : 2*modelMemory]
	for g := range l.gates {
		l.gates[g] = m.bias[g] + dot(features, m.input[g*modelMemory:]) + dot(l.said[:], m.recurrent[g*modelMemory:])
	}
	sum := m.outBias
	for i := range l.said {
		input, forget := sigmoid(l.gates[i]), sigmoid(l.gates[modelMemory+i])
		cell, output := tanh(l.gates[2*modelMemory+i]), sigmoid(l.gates[3*modelMemory+i])
		l.cell[i] = forget*l.cell[i] + input*cell
		l.said[i] = output * tanh(l.cell[i])
		sum += max(0, l.said[i]) * m.out[i]
	}
	l.probability = sigmoid(sum)
}

// apply computes the output's rows, between the empty rows at its ends.
func (c *convolution) apply(in, out []float32) {
	for p := range c.positions {
		around := in[p*c.stride*c.in : (p*c.stride+3)*c.in]
		row := out[(p+1)*c.out : (p+2)*c.out]
		for o := range row {
			row[o] = max(0, c.bias[o]+dot(around, c.weights[o*3*c.in:]))
		}
	}
}

// dot returns the dot product of a and as much of b. Four sums allow the additions to overlap.
func dot(a, b []float32) float32 {
	b = b[:len(a)]
	var s0, s1, s2, s3 float32
	for len(a) >= 8 && len(b) >= 8 {
		s0 += a[0]*b[0] + a[4]*b[4]
		s1 += a[1]*b[1] + a[5]*b[5]
		s2 += a[2]*b[2] + a[6]*b[6]
		s3 += a[3]*b[3] + a[7]*b[7]
		a, b = a[8:], b[8:]
	}
	for i := range a {
		s0 += a[i] * b[i]
	}
	return s0 + s1 + s2 + s3
}

func sigmoid(x float32) float32 { return float32(1 / (1 + math.Exp(-float64(x)))) }

func tanh(x float32) float32 { return float32(math.Tanh(float64(x))) }
