-- A table whose caption ends in {widths="60 40"} gets columns of so many percent, which wrap.
function Table(element)
  local widths = element.attributes.widths
  if not widths then
    return nil
  end
  local column = 0
  for percent in widths:gmatch("%d+") do
    column = column + 1
    element.colspecs[column] = { element.colspecs[column][1], tonumber(percent) / 100 }
  end
  element.attributes.widths = nil
  return element
end
