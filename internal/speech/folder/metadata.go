package folder

import (
	"bufio"
	"encoding/binary"
	"errors"
	"fmt"
	"io"
	"os"

	"google.golang.org/protobuf/encoding/protowire"
)

const (
	metadataProps = 14      // ModelProto.metadata_props (onnx.proto), messages of a key (1) and a value (2)
	maxProperty   = 1 << 20 // bytes; the longest are lists of numbers for each bin of the spectrum
)

// readMetadata returns what a model in a file of ONNX says of itself. Its weights, which are most of the file, are not read.
func readMetadata(file string) (map[string]string, error) {
	model, err := os.Open(file)
	if err != nil {
		return nil, fmt.Errorf("read metadata: %w", err)
	}
	defer model.Close() //nolint:errcheck // only read
	properties := map[string]string{}
	in := bufio.NewReader(model)
	for {
		tag, err := binary.ReadUvarint(in)
		if errors.Is(err, io.EOF) {
			return properties, nil
		}
		if err == nil {
			err = property(model, in, tag, properties)
		}
		if err != nil {
			return nil, fmt.Errorf("read metadata: %s is no model: %w", file, err)
		}
	}
}

// property reads a field of a ModelProto, of which the tag has been read.
func property(model *os.File, in *bufio.Reader, tag uint64, properties map[string]string) error {
	number, kind := protowire.DecodeTag(tag)
	if number < 1 || kind != protowire.VarintType && kind != protowire.BytesType {
		return fmt.Errorf("field %d of type %d", number, kind)
	}
	length, err := binary.ReadUvarint(in) // of a number: the number
	if err != nil {
		return noEOF(err)
	}
	switch {
	case kind == protowire.VarintType:
		return nil
	case number != metadataProps || length > maxProperty:
		return skip(model, in, length)
	}
	raw := make([]byte, length)
	if _, err := io.ReadFull(in, raw); err != nil {
		return noEOF(err)
	}
	var pair [3]string
	for len(raw) > 0 {
		field, kind, n := protowire.ConsumeTag(raw)
		if n < 0 || kind != protowire.BytesType || field > 2 {
			return errors.New("a property that is no pair of texts")
		}
		text, m := protowire.ConsumeString(raw[n:])
		if m < 0 {
			return protowire.ParseError(m)
		}
		pair[field], raw = text, raw[n+m:]
	}
	properties[pair[1]] = pair[2]
	return nil
}

// skip goes on after so many bytes.
func skip(model *os.File, in *bufio.Reader, length uint64) error {
	info, err := model.Stat()
	if err != nil {
		return err
	}
	at, err := model.Seek(0, io.SeekCurrent)
	if err != nil {
		return err
	}
	at -= int64(in.Buffered())
	if length > uint64(info.Size()-at) {
		return io.ErrUnexpectedEOF
	}
	if _, err := model.Seek(at+int64(length), io.SeekStart); err != nil {
		return err
	}
	in.Reset(model)
	return nil
}

// noEOF returns the error of a file that ends within a field.
func noEOF(err error) error {
	if errors.Is(err, io.EOF) {
		return io.ErrUnexpectedEOF
	}
	return err
}
