//! What everybody must be able to do with a page, as expressions that a browser evaluates in it.

/// Texts with a contrast below 4.5 to 1, with what is behind them.
pub(crate) const CONTRAST: &str = "(() => {
  const part = (v) => (v /= 255) <= 0.04045 ? v / 12.92 : ((v + 0.055) / 1.055) ** 2.4;
  const numbers = (colour) => {
    const srgb = /^color\\(srgb (.*)\\)$/.exec(colour);
    if (srgb) { const all = srgb[1].split(/[ /]+/).map(Number); return [255 * all[0], 255 * all[1], 255 * all[2], all[3] ?? 1]; }
    const all = colour.match(/[\\d.]+/g).map(Number);
    return [all[0], all[1], all[2], all[3] ?? 1];
  };
  const light = ([r, g, b]) => 0.2126 * part(r) + 0.7152 * part(g) + 0.0722 * part(b);
  const behind = (own) => {
    for (let at = own; at; at = at.parentElement) {
      const colour = numbers(getComputedStyle(at).backgroundColor);
      if (colour[3] > 0.9) return colour;
    }
    return [255, 255, 255];
  };
  const poor = [];
  for (const own of document.querySelectorAll('body *')) {
    const texts = [...own.childNodes].some((node) => node.nodeType === 3 && node.textContent.trim());
    if (!texts || !own.checkVisibility?.({ visibilityProperty: true, opacityProperty: true })) continue;
    if (['SCRIPT', 'STYLE', 'NOSCRIPT', 'OPTION', 'TITLE'].includes(own.tagName) || own.disabled || own.closest('.hidden')) continue;
    const style = getComputedStyle(own);
    const ink = numbers(own.namespaceURI.endsWith('svg') ? style.fill : style.color);
    if (!ink.length || ink.some(Number.isNaN)) continue;
    const [a, b] = [light(ink), light(behind(own))];
    const ratio = (Math.max(a, b) + 0.05) / (Math.min(a, b) + 0.05);
    if (ratio < 4.5) poor.push(`${own.tagName}.${own.className?.baseVal ?? own.className} ${own.textContent.trim().slice(0, 30)}: ${ratio.toFixed(2)}`);
  }
  return poor;
})()";

/// How many controls can be reached.
pub(crate) const USABLE: &str = "[...document.querySelectorAll('button, input, select, summary, [tabindex=\"0\"], a[href]')]
  .filter((own) => !own.disabled && own.checkVisibility({ visibilityProperty: true }) && (own.type !== 'radio' || own.checked)).length";

/// What has the focus.
pub(crate) const FOCUSED: &str = "(() => {
  const own = document.activeElement;
  if (!own || own === document.body) return null;
  const label = own.labels?.[0]?.textContent ?? '';
  const frame = getComputedStyle(own.closest('label') && own.type === 'radio' ? own.closest('label') : own);
  const box = own.getBoundingClientRect();
  const path = [];
  for (let at = own; at && at !== document.body; at = at.parentElement) path.unshift([...at.parentElement.children].indexOf(at));
  return {
    name: own.getAttribute('aria-label') || label || own.textContent || own.title || '',
    framed: frame.outlineStyle !== 'none' && parseFloat(frame.outlineWidth) >= 1,
    seen: box.width > 0 && box.height > 0 && box.right > 0 && box.left < innerWidth,
    path: path.join('/'), tag: own.tagName, id: own.id,
  };
})()";
