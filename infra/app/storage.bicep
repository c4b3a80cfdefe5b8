param name string
param location string
param tags object

@description('Blob containers to make.')
param containers string[]

@description('Queues to make; each gets a poison queue beside it.')
param queues string[] = []

@description('Days after the last change at which blobs are deleted; 0 keeps them.')
@minValue(0)
param deleteAfterDays int = 0

var prefixes = [for container in containers: '${container}/']
var recoveryDays = 30

resource account 'Microsoft.Storage/storageAccounts@2025-01-01' = {
  name: name
  location: location
  tags: tags
  kind: 'StorageV2'
  sku: { name: 'Standard_LRS' }
  properties: {
    accessTier: 'Hot'
    allowBlobPublicAccess: false
    allowCrossTenantReplication: false
    allowSharedKeyAccess: false
    defaultToOAuthAuthentication: true
    isLocalUserEnabled: false
    minimumTlsVersion: 'TLS1_2'
    supportsHttpsTrafficOnly: true
    // Flex Consumption has no fixed addresses to allow; the gate is the identity, see infra/README.md.
    networkAcls: { bypass: 'None', defaultAction: 'Allow' }
    sasPolicy: { sasExpirationPeriod: '7.00:00:00', expirationAction: 'Block' }
  }
}

resource blobService 'Microsoft.Storage/storageAccounts/blobServices@2025-01-01' = {
  parent: account
  name: 'default'
  properties: {
    deleteRetentionPolicy: { enabled: true, days: recoveryDays }
    containerDeleteRetentionPolicy: { enabled: true, days: recoveryDays }
  }
}

resource blobContainers 'Microsoft.Storage/storageAccounts/blobServices/containers@2025-01-01' = [for container in containers: {
  parent: blobService
  name: container
  properties: { publicAccess: 'None' }
}]

resource queueService 'Microsoft.Storage/storageAccounts/queueServices@2025-01-01' = {
  parent: account
  name: 'default'
}

resource workQueues 'Microsoft.Storage/storageAccounts/queueServices/queues@2025-01-01' = [for queue in queues: {
  parent: queueService
  name: queue
}]

resource poisonQueues 'Microsoft.Storage/storageAccounts/queueServices/queues@2025-01-01' = [for queue in queues: {
  parent: queueService
  name: '${queue}-poison'
}]

resource lifecycle 'Microsoft.Storage/storageAccounts/managementPolicies@2025-01-01' = if (deleteAfterDays > 0) {
  parent: account
  name: 'default'
  properties: {
    policy: {
      rules: [
        {
          name: 'delete-old-blobs'
          enabled: true
          type: 'Lifecycle'
          definition: {
            filters: { blobTypes: ['blockBlob'], prefixMatch: prefixes }
            actions: { baseBlob: { delete: { daysAfterModificationGreaterThan: deleteAfterDays } } }
          }
        }
      ]
    }
  }
}

output name string = account.name
output blobsUrl string = account.properties.primaryEndpoints.blob
output queuesUrl string = account.properties.primaryEndpoints.queue
output tablesUrl string = account.properties.primaryEndpoints.table
