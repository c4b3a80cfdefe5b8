param name string
param location string
param tags object

resource vault 'Microsoft.KeyVault/vaults@2024-11-01' = {
  name: name
  location: location
  tags: tags
  properties: {
    tenantId: tenant().tenantId
    sku: { family: 'A', name: 'standard' }
    enableRbacAuthorization: true
    enableSoftDelete: true
    softDeleteRetentionInDays: 90
    enablePurgeProtection: true // a deleted token or secret can be brought back, whoever deleted it
    publicNetworkAccess: 'Enabled'
    // Flex Consumption has no fixed addresses to allow; the gate is the identity, see infra/README.md.
    networkAcls: { bypass: 'None', defaultAction: 'Allow' }
  }
}

output name string = vault.name
output uri string = vault.properties.vaultUri
