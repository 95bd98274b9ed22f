// Says at once that the chosen files are too large, before they are sent in vain. Pages work without this file.
document.addEventListener("change", (event) => {
  "use strict";
  const input = event.target;
  if (!(input instanceof HTMLInputElement) || !input.dataset.limit) return;
  const size = [...input.files].reduce((sum, file) => sum + file.size, 0);
  input.setCustomValidity(size > Number(input.dataset.limit) ? input.dataset.tooLarge : "");
  input.reportValidity();
});
