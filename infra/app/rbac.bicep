param principalId string
param hostAccountName string
param dataAccountName string
param dataContainers string[]
param exportAccountName string
param exportContainers string[]
param applicationInsightsName string
param vaultName string

var roles = {
  blobDataOwner: 'b7e6dc6d-f1e8-4753-8033-0f276bb0955b'
  blobDataContributor: 'ba92f5b4-2d11-453d-a403-e96b0029c9fe'
  blobDelegator: 'db58b8e5-c6ad-4a2a-8342-4190687cbf4a'
  queueDataContributor: '974c5e8b-45b9-4653-ba55-5f855dd0fb88'
  tableDataContributor: '0a9a7e1f-b9d0-4cc4-a60d-0319b160aaa3'
  metricsPublisher: '3913510d-42f4-4e42-8a64-420c390055eb'
  secretsOfficer: 'b86a8fe4-44ce-4948-aee5-eccb2c155cd7'
}

resource host 'Microsoft.Storage/storageAccounts@2025-01-01' existing = {
  name: hostAccountName
}

resource data 'Microsoft.Storage/storageAccounts@2025-01-01' existing = {
  name: dataAccountName
}

resource dataBlobs 'Microsoft.Storage/storageAccounts/blobServices@2025-01-01' existing = {
  parent: data
  name: 'default'
}

resource dataContainer 'Microsoft.Storage/storageAccounts/blobServices/containers@2025-01-01' existing = [for container in dataContainers: {
  parent: dataBlobs
  name: container
}]

resource exports 'Microsoft.Storage/storageAccounts@2025-01-01' existing = {
  name: exportAccountName
}

resource exportBlobs 'Microsoft.Storage/storageAccounts/blobServices@2025-01-01' existing = {
  parent: exports
  name: 'default'
}

resource exportContainer 'Microsoft.Storage/storageAccounts/blobServices/containers@2025-01-01' existing = [for container in exportContainers: {
  parent: exportBlobs
  name: container
}]

resource insights 'Microsoft.Insights/components@2020-02-02' existing = {
  name: applicationInsightsName
}

resource vault 'Microsoft.KeyVault/vaults@2024-11-01' existing = {
  name: vaultName
}

// The Functions host takes leases and keeps its keys in blobs: it asks for Owner of the data, on its own account only.
resource hostBlobs 'Microsoft.Authorization/roleAssignments@2022-04-01' = {
  name: guid(host.id, principalId, roles.blobDataOwner)
  scope: host
  properties: {
    roleDefinitionId: subscriptionResourceId('Microsoft.Authorization/roleDefinitions', roles.blobDataOwner)
    principalId: principalId
    principalType: 'ServicePrincipal'
  }
}

resource hostQueues 'Microsoft.Authorization/roleAssignments@2022-04-01' = {
  name: guid(host.id, principalId, roles.queueDataContributor)
  scope: host
  properties: {
    roleDefinitionId: subscriptionResourceId('Microsoft.Authorization/roleDefinitions', roles.queueDataContributor)
    principalId: principalId
    principalType: 'ServicePrincipal'
  }
}

// The host writes its diagnostic events into a table.
resource hostTables 'Microsoft.Authorization/roleAssignments@2022-04-01' = {
  name: guid(host.id, principalId, roles.tableDataContributor)
  scope: host
  properties: {
    roleDefinitionId: subscriptionResourceId('Microsoft.Authorization/roleDefinitions', roles.tableDataContributor)
    principalId: principalId
    principalType: 'ServicePrincipal'
  }
}

// Tables come into being with their first row, so the grant is on the account.
resource dataTables 'Microsoft.Authorization/roleAssignments@2022-04-01' = {
  name: guid(data.id, principalId, roles.tableDataContributor)
  scope: data
  properties: {
    roleDefinitionId: subscriptionResourceId('Microsoft.Authorization/roleDefinitions', roles.tableDataContributor)
    principalId: principalId
    principalType: 'ServicePrincipal'
  }
}

// On containers, not on the account: an account-wide grant would include making links to billing data.
resource dataBlobAccess 'Microsoft.Authorization/roleAssignments@2022-04-01' = [for (container, index) in dataContainers: {
  name: guid(dataContainer[index].id, principalId, roles.blobDataContributor)
  scope: dataContainer[index]
  properties: {
    roleDefinitionId: subscriptionResourceId('Microsoft.Authorization/roleDefinitions', roles.blobDataContributor)
    principalId: principalId
    principalType: 'ServicePrincipal'
  }
}]

resource exportBlobAccess 'Microsoft.Authorization/roleAssignments@2022-04-01' = [for (container, index) in exportContainers: {
  name: guid(exportContainer[index].id, principalId, roles.blobDataContributor)
  scope: exportContainer[index]
  properties: {
    roleDefinitionId: subscriptionResourceId('Microsoft.Authorization/roleDefinitions', roles.blobDataContributor)
    principalId: principalId
    principalType: 'ServicePrincipal'
  }
}]

// Download links are signed with a user delegation key, which only the account hands out.
resource exportLinks 'Microsoft.Authorization/roleAssignments@2022-04-01' = {
  name: guid(exports.id, principalId, roles.blobDelegator)
  scope: exports
  properties: {
    roleDefinitionId: subscriptionResourceId('Microsoft.Authorization/roleDefinitions', roles.blobDelegator)
    principalId: principalId
    principalType: 'ServicePrincipal'
  }
}

resource telemetry 'Microsoft.Authorization/roleAssignments@2022-04-01' = {
  name: guid(insights.id, principalId, roles.metricsPublisher)
  scope: insights
  properties: {
    roleDefinitionId: subscriptionResourceId('Microsoft.Authorization/roleDefinitions', roles.metricsPublisher)
    principalId: principalId
    principalType: 'ServicePrincipal'
  }
}

// Officer, not User: the app writes each newer refresh token.
resource secrets 'Microsoft.Authorization/roleAssignments@2022-04-01' = {
  name: guid(vault.id, principalId, roles.secretsOfficer)
  scope: vault
  properties: {
    roleDefinitionId: subscriptionResourceId('Microsoft.Authorization/roleDefinitions', roles.secretsOfficer)
    principalId: principalId
    principalType: 'ServicePrincipal'
  }
}
