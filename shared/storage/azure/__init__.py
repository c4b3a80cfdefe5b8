"""The store in the cloud: Azure Table, Blob and Queue Storage. The SDKs are imported in this package only."""
