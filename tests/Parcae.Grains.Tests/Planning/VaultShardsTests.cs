using Parcae.Grains.Jobs.Planning;

namespace Parcae.Grains.Tests.Planning;

public sealed class VaultShardsTests
{
    [Theory]
    [InlineData(1, 1, new[] { "0123" })]
    [InlineData(1, 2, new[] { "0123" })]
    [InlineData(2, 1, new[] { "01", "23" })]
    [InlineData(2, 2, new[] { "0123", "0123" })]
    [InlineData(3, 1, new[] { "0", "12", "3" })]
    [InlineData(3, 2, new[] { "012", "123", "03" })]
    [InlineData(6, 2, new[] { "01", "12", "23", "03" })]
    public void Layers_are_cut_into_as_many_runs_as_there_are_instances(int instances, int copies, string[] expected)
    {
        var shards = VaultShards.Deal(Vaults(instances), [10, 10, 10, 10], copies);
        Assert.Equal(expected, shards.Select(s => string.Concat(s.Layers)));
        Assert.Equal(Vaults(instances).Take(shards.Length), shards.Select(s => s.Peer));
    }

    [Theory]
    [InlineData(2, new long[] { 100, 1, 1, 1 }, new[] { "0", "123" })]
    [InlineData(2, new long[] { 1, 1, 1, 100 }, new[] { "012", "3" })]
    [InlineData(3, new long[] { 100, 1, 1, 1 }, new[] { "0", "1", "23" })]
    [InlineData(3, new long[] { 1, 1, 1, 100 }, new[] { "01", "2", "3" })]
    public void Runs_are_as_even_in_bytes_as_they_can_be_and_never_empty(int instances, long[] bytes, string[] expected) =>
        Assert.Equal(expected, VaultShards.Deal(Vaults(instances), bytes, 1).Select(s => string.Concat(s.Layers)));

    [Fact]
    public void Every_layer_is_held_as_often_as_asked_for()
    {
        for (int instances = 2; instances < 7; instances++)
        {
            var shards = VaultShards.Deal(Vaults(instances), [.. Enumerable.Range(1, 20).Select(i => 17L * i % 13)], 2);
            Assert.All(Enumerable.Range(0, 20), layer => Assert.Equal(2, shards.Count(s => s.Layers.Contains(layer))));
        }
    }

    [Fact]
    public void Nobody_deals_nothing() => Assert.Empty(VaultShards.Deal([], [1, 2], 2));

    private static PeerEndpoint[] Vaults(int count) => [.. Enumerable.Range(0, count).Select(i => new PeerEndpoint($"v{i}", "host", 1))];
}
