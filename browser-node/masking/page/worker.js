// The extension's service worker. Every document's guard reads there what the company hides, and what was typed.
chrome.storage.session.setAccessLevel({ accessLevel: 'TRUSTED_AND_UNTRUSTED_CONTEXTS' });

// Chromium's own "Download started" would stand over the page, for the agent too.
chrome.downloads.setUiOptions({ enabled: false }).catch(() => {});

// So would its own dialog for a password that a server wants. Of those that documents want the node is told first (`requests.rs`).
chrome.webRequest.onAuthRequired.addListener((_, answer) => answer({ cancel: true }), { urls: ['<all_urls>'] }, ['asyncBlocking']);

// A manifest's style is an author's to Chromium, whatever it says; this one is a user's.
const put = (tabId, documentId) => chrome.scripting.insertCSS({ target: { tabId, documentIds: [documentId] }, css: STYLE, origin: 'USER' }).catch(() => {});
chrome.runtime.onMessage.addListener((_, { tab, documentId }) => {
  if (tab) put(tab.id, documentId);
});
chrome.webNavigation.onCommitted.addListener(({ tabId, documentId }) => {
  if (tabId >= 0) put(tabId, documentId);
});

// Icons of pages come from where the browser keeps its own, small and as PNG, whatever they were; and the page's guard (start.js) hands them on.
const ICON = 32;
/** The largest (bytes). */
const LARGEST = 8 << 10;
async function show(tabId) {
  const { url, favIconUrl } = await chrome.tabs.get(tabId);
  let png = null;
  if (favIconUrl && /^https?:/.test(url)) {
    const icon = await fetch(`${chrome.runtime.getURL('/_favicon/')}?pageUrl=${encodeURIComponent(url)}&size=${ICON}`);
    const bytes = new Uint8Array(await icon.arrayBuffer());
    if (bytes.length <= LARGEST) png = btoa(String.fromCharCode(...bytes));
  }
  // A page draws what it likes into an icon that it has made itself.
  await chrome.tabs.sendMessage(tabId, { png, web: /^https?:/.test(favIconUrl ?? '') }, { frameId: 0 });
}
chrome.tabs.onUpdated.addListener((tabId, { favIconUrl, status }) => {
  if (favIconUrl || status === 'complete') show(tabId).catch(() => {});
});
