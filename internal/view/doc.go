// Package view turns page structs into HTML and serves the files that pages need.
//
// It owns one exported struct per page, the template beside it, the style sheets, the scripts, the icons and the drawing
// of QR codes. A page is rendered into a buffer first, so that a template that fails answers with an error and never
// with half a page. Addresses of assets carry a hash of their content and may be kept for ever.
//
// It must not know where a page's words come from: no use case, no store, no request. Pages hold plain values; there
// is no map of anything and no markup that was made outside of html/template. The pages obey a policy without inline
// styles and scripts, and work without scripts.
//
// Begin with render.go; door.go is the frame of the sign-in pages, templates/layout draws the frames.
package view
