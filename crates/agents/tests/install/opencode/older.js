// aegis: made by `aegis agents install`
throw new Error("an older one");
