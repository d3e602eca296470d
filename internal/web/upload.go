package web

import (
	"errors"
	"fmt"
	"io"
	"mime/multipart"
	"net/http"
	"net/url"
)

// ReadUpload reads a multipart form that may carry one file in the field file. All parts together are bounded by the
// route's Body; nothing is written to disk. The other fields follow the rules of ReadForm.
func ReadUpload(r *http.Request, file string, fields ...string) (Form, []byte, error) {
	parts, err := r.MultipartReader()
	if err != nil {
		return Form{}, nil, BadRequest("The request could not be read.").Because(err)
	}
	values, content := url.Values{}, []byte(nil)
	for n := 0; ; n++ {
		part, err := parts.NextPart()
		if errors.Is(err, io.EOF) && n > 0 {
			break
		}
		if err == nil && n >= maxFields {
			err = BadRequest("The request has too many fields.")
		}
		if err == nil {
			content, err = takePart(part, file, content, values)
		}
		if err != nil {
			return Form{}, nil, uploadError(err)
		}
	}
	for name, all := range values {
		if err := checkField(name, all, fields); err != nil {
			return Form{}, nil, err
		}
	}
	return Form{values: values}, content, nil
}

func uploadError(err error) error {
	if Status(err) != http.StatusInternalServerError {
		return err
	}
	return bodyError(err)
}

func takePart(part *multipart.Part, file string, content []byte, values url.Values) ([]byte, error) {
	data, err := io.ReadAll(part)
	if err != nil {
		return nil, err
	}
	if part.FormName() != file {
		values.Add(part.FormName(), string(data))
		return content, nil
	}
	if content != nil {
		return nil, BadRequest(fmt.Sprintf("The request has the field %q more than once.", file))
	}
	if data == nil {
		data = []byte{}
	}
	return data, nil
}
