// The display on the wall: joins the behaviours. What is on the wall, the live feed keeps.
import { watchCalls } from "/static/display/announcer.js";
import { captions } from "/static/display/caption.js";
import { day } from "/static/display/day.js";
import { fit } from "/static/display/fit.js";
import { grow } from "/static/display/grow.js";
import { running } from "/static/display/running.js";
import { sound } from "/static/display/sound.js";
import { tools } from "/static/display/tools.js";

const page = document.documentElement;
const view = document.querySelector("[data-live]");
const hall = sound(document.querySelector("[data-sound]"), document.querySelector("[data-tap]"));
const announcer = watchCalls(view, hall);

captions(document.querySelector("[data-caption]"));
day(page);
fit(page, document.querySelector("[data-wall]"), document.querySelector("[data-reach]"));
grow(view);
running(page);
tools(page, document.querySelector("[data-tools]"), announcer);
