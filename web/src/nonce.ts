// nonce is what the page's policy lets styles have that are made while it runs.
export const nonce = document.querySelector<HTMLMetaElement>('meta[name="csp-nonce"]')?.content ?? ''
