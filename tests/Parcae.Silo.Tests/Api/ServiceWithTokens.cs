using Xunit;

namespace Parcae.Silo.Tests.Api;

/// <summary>One service with tokens for all tests of a class.</summary>
public sealed class ServiceWithTokens : IAsyncLifetime
{
    /// <summary>It.</summary>
    public ApiService Api { get; private set; } = null!;

    public async ValueTask InitializeAsync() => Api = await ApiService.WithTokensAsync();

    public ValueTask DisposeAsync() => Api.DisposeAsync();
}
