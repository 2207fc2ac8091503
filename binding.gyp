{
  "targets": [{
    "target_name": "palimpsest",
    "type": "none",
    "actions": [{
      "action_name": "cmake",
      "inputs": ["CMakeLists.txt"],
      "outputs": ["<(PRODUCT_DIR)/palimpsest.node"],
      "action": ["node", "native/build.js", "<(PRODUCT_DIR)"]
    }]
  }]
}
