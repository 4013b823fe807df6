-- The variables that siterun reads beside those of the services, which their declarations name.
---@type {name: string, text: string}[]
return {
  { name = "SITERUN_CONFIG", text = "the configuration file, unless --config is given" },
  { name = "SITERUN_PROFILE",
    text = "the profile of the configuration file, unless --profile is given" },
  { name = "SITERUN_STATE",
    text = "the folder of the journal, the limits and the session, on a local disk" },
  { name = "XDG_CONFIG_HOME", text = "where siterun/config.lua is; ~/.config unless set" },
  { name = "XDG_STATE_HOME",
    text = "where the folder of the state is; ~/.local/state unless set" },
  { name = "HOME", text = "what these are found by, and ~ in the configuration file" },
  { name = "NO_COLOR", text = "when it is set, nothing is coloured, unless --color says so" },
  { name = "TERM", text = "the terminal of a session" },
  { name = "EDITRC", text = "the keys of a session's line editor; ~/.editrc unless set" },
  { name = "TMPDIR", text = "where --sandbox keeps its state for the run; /tmp unless set" },
  { name = "SITERUN_LUA",
    text = "for work on siterun: a folder whose lua/ is read instead of the modules in the "
      .. "program" },
}
