using CsCheck;
using Parcae.GpuWorker.Checkpoints;
using Parcae.GpuWorker.Models;
using Parcae.GpuWorker.Numerics;
using Parcae.Grains;
using Xunit;

namespace Parcae.GpuWorker.Tests.Checkpoints;

/// <summary>Damage drawn at random: never anything but a <see cref="CheckpointException"/>, and of a checkpoint never a state.</summary>
public sealed class CheckpointFuzzTests : IDisposable
{
    private static readonly JobSpec Job = new() { Model = new ModelSpec { Blocks = 1, Hidden = 8, Heads = 2, SequenceLength = 4, Vocabulary = 16 } };
    private static readonly Gpt Model = new(Job.Model);

    // Mostly near the beginning, where the length and the JSON are.
    private static readonly Gen<double> Place = Gen.OneOf(Gen.Double[0, 1], Gen.Double[0, 0.01], Gen.Double[0, 0.2]);
    private static readonly Gen<(double Place, byte Flip)[]> Flips = Gen.Select(Place, Gen.Byte[1, 255]).Array[1, 4];
    private readonly TemporaryFolder _folder = new();

    public void Dispose() => _folder.Dispose();

    [Fact]
    public void No_flipped_bytes_of_a_checkpoint_are_ever_loaded()
    {
        var (store, whole) = Written();
        Flips.Sample(flips =>
        {
            var bytes = Flip(whole, flips);
            if (bytes.AsSpan().SequenceEqual(whole)) return; // one flip took another back
            File.WriteAllBytes(store.PathOf(3), bytes);
            Refused(store);
        }, iter: 600, threads: 1);
    }

    [Fact]
    public void No_truncated_or_lengthened_checkpoint_is_ever_loaded()
    {
        var (store, whole) = Written();
        Gen.Select(Place, Gen.Byte.Array[0, 20]).Sample((place, more) =>
        {
            int length = (int)(place * (whole.Length - 1));
            File.WriteAllBytes(store.PathOf(3), [.. whole.AsSpan(0, length), .. more]);
            Refused(store);
        }, iter: 200, threads: 1);
    }

    [Theory]
    [InlineData("model.safetensors")]
    [InlineData("config.json")]
    [InlineData("model.safetensors.index.json")]
    public void A_damaged_model_of_others_is_read_or_refused(string name)
    {
        var folder = Path.Combine(_folder.Path, "model");
        var states = Enumerable.Range(0, Model.LayerCount).Select(layer => LayerState.Initialize(Model, layer, Job.Training)).ToArray();
        HuggingFaceGpt2.Export(Model, states, folder);
        if (name.EndsWith("index.json", StringComparison.Ordinal))
        {
            var map = Gpt2Tensor.Of(Model).ToDictionary(t => t.FullName, _ => "model.safetensors");
            File.WriteAllText(Path.Combine(folder, name), System.Text.Json.JsonSerializer.Serialize(new { weight_map = map }));
        }

        var whole = File.ReadAllBytes(Path.Combine(folder, name));
        Gen.Select(Flips, Gen.Double[0, 1], Gen.Bool).Sample((flips, place, truncate) =>
        {
            var bytes = Flip(whole, flips);
            File.WriteAllBytes(Path.Combine(folder, name), truncate ? bytes[..(int)(place * (bytes.Length - 1))] : bytes);
            try
            {
                // These files carry no checksums: a flipped bit of a weight is a weight.
                Free(HuggingFaceGpt2.Import(folder, Model, Job.Training));
                // Where the header's length was hit too, a shorter file may fit together again.
                Assert.False(truncate && name == "model.safetensors" && bytes.AsSpan(0, 8).SequenceEqual(whole.AsSpan(0, 8)));
            }
            catch (CheckpointException e)
            {
                Assert.Contains(folder, e.Message);
            }
        }, iter: 200, threads: 1);
        Free(states);
    }

    private (CheckpointStore Store, byte[] Whole) Written()
    {
        var store = new CheckpointStore(_folder.Path, "job");
        var states = Enumerable.Range(0, Model.LayerCount).Select(layer => LayerState.Initialize(Model, layer, Job.Training)).ToArray();
        foreach (var state in states) state.Version = 3;
        store.Write(3, Model, Job, states);
        Free(states);
        Free(store.Load(3, Model, Job));
        return (store, File.ReadAllBytes(store.PathOf(3)));
    }

    private static void Refused(CheckpointStore store)
    {
        Assert.Contains(store.PathOf(3), Assert.Throws<CheckpointException>(() => store.Load(3, Model, Job)).Message);
        Assert.Throws<CheckpointException>(() => store.Read(3));
    }

    private static byte[] Flip(byte[] whole, (double Place, byte Flip)[] flips)
    {
        var bytes = whole.ToArray();
        foreach (var (place, flip) in flips) bytes[(int)(place * (bytes.Length - 1))] ^= flip;
        return bytes;
    }

    private static void Free(IEnumerable<LayerState> states)
    {
        foreach (var state in states) state.Dispose();
    }
}
