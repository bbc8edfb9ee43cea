using System.Text.Json;
using System.Text.Json.Nodes;
using Parcae.GpuWorker.Checkpoints;
using Parcae.GpuWorker.Generation;
using Parcae.GpuWorker.Models;
using Parcae.GpuWorker.Numerics;
using Parcae.Grains;
using TorchSharp;
using Xunit;
using static TorchSharp.torch;

namespace Parcae.GpuWorker.Tests.Checkpoints;

public sealed class HuggingFaceGpt2Tests : IDisposable
{
    private static readonly ModelSpec Small = new() { Blocks = 2, Hidden = 24, Heads = 3, SequenceLength = 10, Vocabulary = 256, Dropout = 0.1 };
    private static readonly TrainingSpec Training = new();
    private readonly TemporaryFolder _folder = new();
    private readonly string _model;

    public HuggingFaceGpt2Tests() => _model = Path.Combine(_folder.Path, "exports", "model");

    public void Dispose() => _folder.Dispose();

    [Theory]
    [InlineData(true)]
    [InlineData(false)]
    public void What_is_exported_computes_the_same_logits_as_transformers_defines_them(bool tied)
    {
        var (model, states) = Random(Small with { TiedEmbeddings = tied });
        HuggingFaceGpt2.Export(model, states, _model);
        int[] tokens = [72, 101, 0, 255, 111, 44, 32, 119, 111, 114];
        var expected = new Gpt2Reference(_model).Logits(tokens);
        using var generator = new TextGenerator(model, states);
        for (int position = 0; position < tokens.Length; position++)
        {
            var actual = generator.Logits(tokens[..(position + 1)]);
            double largest = expected[position].Max(Math.Abs);
            Assert.True(largest > 1);
            for (int token = 0; token < 256; token++) Assert.Equal(expected[position][token], actual[token], 1e-5 * largest);
        }

        Free(states);
    }

    [Theory]
    [InlineData(true)]
    [InlineData(false)]
    public void Names_shapes_and_configuration_are_those_of_GPT2LMHeadModel(bool tied)
    {
        var (model, states) = Random(Small with { TiedEmbeddings = tied });
        HuggingFaceGpt2.Export(model, states, _model);
        string[] block(int n) =>
        [
            $"transformer.h.{n}.ln_1.weight [24]", $"transformer.h.{n}.ln_1.bias [24]", $"transformer.h.{n}.attn.c_attn.weight [24, 72]", $"transformer.h.{n}.attn.c_attn.bias [72]",
            $"transformer.h.{n}.attn.c_proj.weight [24, 24]", $"transformer.h.{n}.attn.c_proj.bias [24]", $"transformer.h.{n}.ln_2.weight [24]", $"transformer.h.{n}.ln_2.bias [24]",
            $"transformer.h.{n}.mlp.c_fc.weight [24, 96]", $"transformer.h.{n}.mlp.c_fc.bias [96]", $"transformer.h.{n}.mlp.c_proj.weight [96, 24]", $"transformer.h.{n}.mlp.c_proj.bias [24]",
        ];
        string[] head = tied ? [] : ["lm_head.weight [256, 24]"];
        using (var file = SafetensorsFile.Open(Path.Combine(_model, "model.safetensors")))
        {
            Assert.Equal("pt", Assert.Single(file.Header.Metadata, m => m.Key == "format").Value);
            Assert.Equal(
                ["transformer.wte.weight [256, 24]", "transformer.wpe.weight [10, 24]", .. block(0), .. block(1), "transformer.ln_f.weight [24]", "transformer.ln_f.bias [24]", .. head],
                file.Header.Entries.Select(e => $"{e.Name} {SafetensorsEntry.Text(e.Shape)}"));
        }

        var config = JsonNode.Parse(File.ReadAllText(Path.Combine(_model, "config.json")))!;
        Assert.Equal(("gpt2", "GPT2LMHeadModel", "gelu_new"), ((string)config["model_type"]!, (string)config["architectures"]![0]!, (string)config["activation_function"]!));
        Assert.Equal(
            (24, 3, 2, 10, 10, 256, 1e-5, tied, 0.1),
            ((int)config["n_embd"]!, (int)config["n_head"]!, (int)config["n_layer"]!, (int)config["n_positions"]!, (int)config["n_ctx"]!, (int)config["vocab_size"]!,
                (double)config["layer_norm_epsilon"]!, (bool)config["tie_word_embeddings"]!, (double)config["resid_pdrop"]!));
        Assert.True(config.AsObject().ContainsKey("eos_token_id") && config["eos_token_id"] is null); // else it would be 50256
        Assert.Equal(Small with { TiedEmbeddings = tied, InitialWeights = _model, GroupBlocks = [], Settings = [] }, HuggingFaceGpt2.ReadSpec(_model) with { GroupBlocks = Small.GroupBlocks, Settings = Small.Settings }, Same);
        Assert.Equal(["config.json", "generation_config.json", "merges.txt", "model.safetensors", "tokenizer_config.json", "vocab.json"], Directory.EnumerateFiles(_model).Select(Path.GetFileName).Order(StringComparer.Ordinal));
        Free(states);

        static bool Same(ModelSpec a, ModelSpec b) => JsonSerializer.Serialize(a with { GroupBlocks = [], Settings = [] }) == JsonSerializer.Serialize(b with { GroupBlocks = [], Settings = [] });
    }

    [Theory]
    [InlineData(true)]
    [InlineData(false)]
    public void A_model_comes_back_to_the_last_bit(bool tied)
    {
        var (model, states) = Random(Small with { TiedEmbeddings = tied });
        HuggingFaceGpt2.Export(model, states, _model);
        var read = HuggingFaceGpt2.Import(_model, model, Training);
        foreach (var (written, found) in states.Zip(read))
        {
            Assert.Equal(0, found.Version);
            Assert.Equal(written.Parameters.Bytes().ToArray(), found.Parameters.Bytes().ToArray());
            Assert.All(found.Slots, slot => Assert.Equal(0, slot.abs().sum().item<float>()));
        }

        Free([.. states, .. read]);
    }

    [Fact]
    public void A_job_begins_from_initial_weights_whoever_makes_the_layer()
    {
        var (model, states) = Random(Small);
        HuggingFaceGpt2.Export(model, states, _model);
        var from = new Gpt(Small with { InitialWeights = _model });
        foreach (var state in states)
        {
            using var begun = LayerState.Initialize(from, state.Layer, Training with { Optimizer = "sgd" });
            Assert.Equal(2, begun.Tensors.Count);
            Assert.Equal(state.Parameters.Bytes().ToArray(), begun.Parameters.Bytes().ToArray());
        }

        var other = new Gpt(Small with { InitialWeights = _model, Heads = 4 });
        Assert.Equal($"Checkpoint {_model}: its heads is 3, the job's model.heads 4.", Assert.Throws<CheckpointException>(() => LayerState.Initialize(other, 0, Training)).Message);
        var nowhere = new Gpt(Small with { InitialWeights = "/no/such/folder" });
        Assert.Contains("/no/such/folder", Assert.Throws<CheckpointException>(() => LayerState.Initialize(nowhere, 0, Training)).Message);
        Free(states);
    }

    [Theory]
    [InlineData("F16", false)]
    [InlineData("BF16", true)]
    [InlineData("F32", true)]
    public void Half_precision_names_without_prefix_masks_and_shards_are_read(string type, bool shards)
    {
        var (model, states) = Random(Small);
        // Values that the type has.
        foreach (var state in states) state.Parameters.copy_(state.Parameters.to(Torch(type)).to(ScalarType.Float32));
        HuggingFaceGpt2.Export(model, states, _model);
        var tensors = Tensors().Select(t => (Name: t.Key["transformer.".Length..], t.Value.Shape, Bytes: Bytes(t.Value.Values, type))).ToList();
        tensors.Add(("h.0.attn.bias", [1, 1, 10, 10], Bytes(new float[100], type)));
        tensors.Add(("h.1.attn.masked_bias", [], Bytes(new float[1], type)));
        Rewrite(tensors, type, shards ? 3 : 1);
        var read = HuggingFaceGpt2.Import(_model, model, Training);
        foreach (var (written, found) in states.Zip(read)) Assert.Equal(written.Parameters.Bytes().ToArray(), found.Parameters.Bytes().ToArray());
        Free([.. states, .. read]);
    }

    [Fact]
    public void Tensors_that_are_missing_unknown_of_another_shape_or_type_are_refused_by_name()
    {
        var (model, states) = Random(Small);
        HuggingFaceGpt2.Export(model, states, _model);
        Free(states);
        var good = Tensors().Select(t => (Name: t.Key, t.Value.Shape, Bytes: Bytes(t.Value.Values, "F32"))).ToList();
        void Refused(string problem, params (string Name, long[] Shape, byte[] Bytes)[] tensors)
        {
            Rewrite([.. tensors], "F32", 1);
            Assert.Contains(problem, Assert.Throws<CheckpointException>(() => HuggingFaceGpt2.Import(_model, model, Training)).Message);
        }

        Refused("tensor 'transformer.h.1.mlp.c_fc.bias' is missing", [.. good.Where(t => t.Name != "transformer.h.1.mlp.c_fc.bias")]);
        Refused("tensor 'transformer.h.2.ln_1.bias' is none of this model's", [.. good, ("transformer.h.2.ln_1.bias", [24], new byte[96])]);
        Refused("tensor '../../etc/passwd' is none of this model's", [.. good, ("../../etc/passwd", [1], new byte[4])]);
        Refused(
            "tensor 'transformer.h.0.attn.c_attn.weight' has shape [72, 24]; expected was [24, 72]",
            [.. good.Select(t => t.Name == "transformer.h.0.attn.c_attn.weight" ? (t.Name, [72, 24], t.Bytes) : t)]);
        Refused("tensor 'wte.weight' is there twice", [.. good, good[0] with { Name = "wte.weight" }]);
        Refused("tensor 'lm_head.weight' is not the token embedding, though the model's embeddings are tied", [.. good, good[0] with { Name = "lm_head.weight", Bytes = new byte[good[0].Bytes.Length] }]);
        Rewrite([.. good, good[0] with { Name = "lm_head.weight" }], "F32", 1);
        Free(HuggingFaceGpt2.Import(_model, model, Training)); // some save the embedding twice
        Rewrite([.. good.Select(t => t with { Shape = t.Name == "transformer.ln_f.bias" ? [12] : t.Shape })], t => t.Name == "transformer.ln_f.bias" ? "F64" : "F32", 1);
        Assert.Contains("tensor 'transformer.ln_f.bias' is of type F64", Assert.Throws<CheckpointException>(() => HuggingFaceGpt2.Import(_model, model, Training)).Message);
    }

    [Theory]
    [InlineData("../elsewhere.safetensors")]
    [InlineData("/etc/passwd")]
    [InlineData("..")]
    [InlineData("shard.bin")]
    public void An_index_that_leads_out_of_the_folder_is_refused(string file)
    {
        var (model, states) = Random(Small);
        HuggingFaceGpt2.Export(model, states, _model);
        Free(states);
        File.WriteAllText(Path.Combine(_model, "model.safetensors.index.json"), JsonSerializer.Serialize(new { weight_map = new Dictionary<string, string> { ["transformer.wte.weight"] = file } }));
        Assert.Contains($"it places tensor 'transformer.wte.weight' in '{file}'", Assert.Throws<CheckpointException>(() => HuggingFaceGpt2.Import(_model, model, Training)).Message);
    }

    [Fact]
    public void A_link_out_of_the_folder_is_refused_but_one_into_the_cache_beside_it_is_not()
    {
        var (model, states) = Random(Small);
        var cache = Path.Combine(_folder.Path, "models--x");
        var snapshot = Path.Combine(cache, "snapshots", "main");
        HuggingFaceGpt2.Export(model, states, snapshot);
        Free(states);
        var (weights, blob) = (Path.Combine(snapshot, "model.safetensors"), Path.Combine(cache, "blobs", "0123"));
        Directory.CreateDirectory(Path.GetDirectoryName(blob)!);
        File.Move(weights, blob);
        File.CreateSymbolicLink(weights, "../../blobs/0123");
        Free(HuggingFaceGpt2.Import(snapshot, model, Training));
        var outside = Path.Combine(_folder.Path, "outside");
        File.Move(blob, outside);
        File.Delete(weights);
        File.CreateSymbolicLink(weights, outside);
        Assert.Contains("which is outside of the folder", Assert.Throws<CheckpointException>(() => HuggingFaceGpt2.Import(snapshot, model, Training)).Message);
    }

    [Theory]
    [InlineData("model_type", "\"llama\"", "its model_type is \"llama\"; only \"gpt2\" is known")]
    [InlineData("activation_function", "\"gelu\"", "its activation_function is \"gelu\"; only \"gelu_new\" is known")]
    [InlineData("layer_norm_epsilon", "1e-6", "its layer_norm_epsilon is 1E-06; only 1E-05 is known")]
    [InlineData("scale_attn_by_inverse_layer_idx", "true", "its scale_attn_by_inverse_layer_idx is true; only false is known")]
    [InlineData("n_inner", "100", "its n_inner is 100; only 4 n_embd (96) is known")]
    [InlineData("n_layer", "99999999999", "its n_layer is 99999999999, which is not a whole number of 32 bits")]
    [InlineData("n_head", "5", "model.heads: 5 is not valid")]
    [InlineData("n_head", "4", "its heads is 4, the job's model.heads 3")]
    public void A_configuration_that_we_would_compute_wrongly_is_refused(string key, string value, string problem)
    {
        var (model, states) = Random(Small);
        HuggingFaceGpt2.Export(model, states, _model);
        Free(states);
        var config = JsonNode.Parse(File.ReadAllText(Path.Combine(_model, "config.json")))!;
        config[key] = JsonNode.Parse(value);
        File.WriteAllText(Path.Combine(_model, "config.json"), config.ToJsonString());
        Assert.Contains(problem, Assert.Throws<CheckpointException>(() => HuggingFaceGpt2.Import(_model, model, Training)).Message);
    }

    [Fact]
    public void An_export_never_mixes_with_what_is_there()
    {
        var (model, states) = Random(Small);
        _folder.File("exports/model/mine.txt", "text");
        Assert.Contains("it is there already", Assert.Throws<CheckpointException>(() => HuggingFaceGpt2.Export(model, states, _model)).Message);
        Assert.Equal(["mine.txt"], Directory.EnumerateFileSystemEntries(_model).Select(Path.GetFileName));
        Free(states);
    }

    [Fact]
    public void The_vocabulary_of_bytes_is_GPT2s_with_bytes_for_numbers()
    {
        var bytes = Gpt2Tokenizer.Bytes();
        Assert.Equal(Enumerable.Range(0, 256), bytes.Values);
        // As GPT-2's own vocabulary writes a blank, a line feed and a soft hyphen.
        Assert.Equal((32, 10, 0xAD, 'A'), (bytes["\u0120"], bytes["\u010A"], bytes["\u0143"], (char)bytes["A"]));
    }

    [Fact]
    public void A_vocabulary_is_copied_and_must_fit_the_model()
    {
        var (model, states) = Random(Small);
        var files = new Dictionary<string, byte[]> { ["vocab.json"] = """{"a":0,"<|endoftext|>":255}"""u8.ToArray(), ["merges.txt"] = "#version: 0.2\na b\n"u8.ToArray() };
        HuggingFaceGpt2.Export(model, states, _model, files);
        Assert.Equal(files["merges.txt"], File.ReadAllBytes(Path.Combine(_model, "merges.txt")));
        Assert.Equal(255, (int)JsonNode.Parse(File.ReadAllText(Path.Combine(_model, "config.json")))!["eos_token_id"]!);
        files["vocab.json"] = """{"a":256}"""u8.ToArray();
        Assert.Contains("token 'a' has number 256; the model has 256 tokens", Assert.Throws<CheckpointException>(() => HuggingFaceGpt2.Export(model, states, _model + "2", files)).Message);
        Free(states);
    }

    /// <summary>Large random parameters, norms and biases too: whatever is in the wrong place shows.</summary>
    private static (Gpt Model, LayerState[] States) Random(ModelSpec spec)
    {
        var model = new Gpt(spec);
        var states = Enumerable.Range(0, model.LayerCount).Select(layer => LayerState.Initialize(model, layer, Training)).ToArray();
        using var generator = new Generator(11, CPU);
        foreach (var state in states) state.Parameters.normal_(0.1, 0.4, generator);
        CheckpointTensors.Complete(model, states);
        return (model, states);
    }

    private Dictionary<string, (long[] Shape, float[] Values)> Tensors() => new Gpt2Reference(_model).Tensors.ToDictionary();

    private static ScalarType Torch(string type) => type switch { "F16" => ScalarType.Float16, "BF16" => ScalarType.BFloat16, _ => ScalarType.Float32 };

    private static byte[] Bytes(float[] values, string type)
    {
        using var converted = tensor(values).to(Torch(type));
        return converted.bytes.ToArray();
    }

    private void Rewrite(List<(string Name, long[] Shape, byte[] Bytes)> tensors, string type, int files) => Rewrite(tensors, _ => type, files);

    private void Rewrite(List<(string Name, long[] Shape, byte[] Bytes)> tensors, Func<(string Name, long[] Shape, byte[] Bytes), string> type, int files)
    {
        File.Delete(Path.Combine(_model, "model.safetensors"));
        var map = new Dictionary<string, string>();
        foreach (var shard in tensors.Select((t, i) => (t, File: files == 1 ? "model.safetensors" : $"model-{i % files + 1:D5}-of-{files:D5}.safetensors")).GroupBy(s => s.File))
        {
            long at = 0;
            var entries = shard.Select(s => new SafetensorsEntry(s.t.Name, type(s.t), s.t.Shape, at, at += s.t.Bytes.Length)).ToArray();
            File.WriteAllBytes(Path.Combine(_model, shard.Key), [.. new SafetensorsHeader(new Dictionary<string, string>(), entries).ToBytes(), .. shard.SelectMany(s => s.t.Bytes)]);
            foreach (var entry in entries) map[entry.Name] = shard.Key;
        }

        if (files > 1) File.WriteAllText(Path.Combine(_model, "model.safetensors.index.json"), JsonSerializer.Serialize(new { metadata = new { total_size = 1 }, weight_map = map }));
    }

    private static void Free(IEnumerable<LayerState> states)
    {
        foreach (var state in states) state.Dispose();
    }
}
