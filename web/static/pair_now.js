// The browser that opens a pairing link is let in without a touch: screens in a hall have no keys.
document.querySelector("[data-pair-now]").requestSubmit();
