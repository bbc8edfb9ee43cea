using System.Text.Json;
using Parcae.GpuWorker.Checkpoints;
using Parcae.GpuWorker.Numerics;

namespace Parcae.GpuWorker.Tests.Checkpoints;

/// <summary>
/// GPT-2's forward pass in plain loops and float64, from the files of an export alone, as transformers' modeling_gpt2.py has it: Conv1D is <c>x W + b</c>, query, key
/// and value are thirds of c_attn's output, scores are scaled by the root of the head's size and masked above the diagonal, the activation is gelu_new.
/// </summary>
internal sealed class Gpt2Reference
{
    private readonly Dictionary<string, (long[] Shape, float[] Values)> _tensors = [];
    private readonly int _layers, _heads, _width;
    private readonly bool _tied;
    private readonly double _epsilon;

    public Gpt2Reference(string folder)
    {
        using var config = JsonDocument.Parse(File.ReadAllBytes(Path.Combine(folder, "config.json")));
        int Number(string key) => config.RootElement.GetProperty(key).GetInt32();
        (_layers, _heads, _width) = (Number("n_layer"), Number("n_head"), Number("n_embd"));
        (_tied, _epsilon) = (config.RootElement.GetProperty("tie_word_embeddings").GetBoolean(), config.RootElement.GetProperty("layer_norm_epsilon").GetDouble());
        using var file = SafetensorsFile.Open(Path.Combine(folder, "model.safetensors"));
        foreach (var entry in file.Header.Entries)
        {
            using var tensor = file.ReadFloats(entry);
            _tensors.Add(entry.Name, (entry.Shape, tensor.Floats().ToArray()));
        }
    }

    public IReadOnlyDictionary<string, (long[] Shape, float[] Values)> Tensors => _tensors;

    /// <summary>Logits <c>[position][token]</c>.</summary>
    public double[][] Logits(int[] tokens)
    {
        var x = tokens.Select((token, position) => Enumerable.Range(0, _width)
            .Select(i => (double)At("transformer.wte.weight", token, i) + At("transformer.wpe.weight", position, i)).ToArray()).ToArray();
        for (int layer = 0; layer < _layers; layer++)
        {
            string h = $"transformer.h.{layer}";
            x = Add(x, Attention(h + ".attn", LayerNorm(h + ".ln_1", x)));
            x = Add(x, Conv1D(h + ".mlp.c_proj", [.. Conv1D(h + ".mlp.c_fc", LayerNorm(h + ".ln_2", x)).Select(row => row.Select(GeluNew).ToArray())]));
        }

        string head = _tied ? "transformer.wte.weight" : "lm_head.weight";
        return [.. LayerNorm("transformer.ln_f", x).Select(row => Enumerable.Range(0, (int)_tensors[head].Shape[0])
            .Select(token => Enumerable.Range(0, _width).Sum(i => row[i] * At(head, token, i))).ToArray())];
    }

    private static double GeluNew(double x) => 0.5 * x * (1 + Math.Tanh(Math.Sqrt(2 / Math.PI) * (x + 0.044715 * Math.Pow(x, 3))));

    private static double[][] Add(double[][] a, double[][] b) => [.. a.Zip(b, (u, v) => u.Zip(v, (p, q) => p + q).ToArray())];

    private double[][] Attention(string name, double[][] x)
    {
        var qkv = Conv1D(name + ".c_attn", x);
        int size = _width / _heads;
        var mixed = x.Select(_ => new double[_width]).ToArray();
        for (int head = 0; head < _heads; head++)
        {
            for (int t = 0; t < x.Length; t++)
            {
                int q = head * size, k = _width + head * size, v = 2 * _width + head * size;
                var scores = Enumerable.Range(0, t + 1).Select(s => Enumerable.Range(0, size).Sum(i => qkv[t][q + i] * qkv[s][k + i]) / Math.Sqrt(size)).ToArray();
                var weights = scores.Select(s => Math.Exp(s - scores.Max())).ToArray();
                for (int s = 0; s <= t; s++)
                    for (int i = 0; i < size; i++) mixed[t][head * size + i] += weights[s] / weights.Sum() * qkv[s][v + i];
            }
        }

        return Conv1D(name + ".c_proj", mixed);
    }

    private double[][] Conv1D(string name, double[][] x) => [.. x.Select(row => Enumerable.Range(0, (int)_tensors[name + ".weight"].Shape[1])
        .Select(to => _tensors[name + ".bias"].Values[to] + Enumerable.Range(0, row.Length).Sum(from => row[from] * At(name + ".weight", from, to))).ToArray())];

    private double[][] LayerNorm(string name, double[][] x) => [.. x.Select(row =>
    {
        double mean = row.Average(), deviation = Math.Sqrt(row.Average(v => (v - mean) * (v - mean)) + _epsilon);
        return row.Select((v, i) => (v - mean) / deviation * _tensors[name + ".weight"].Values[i] + _tensors[name + ".bias"].Values[i]).ToArray();
    })];

    private float At(string name, int row, int column) => _tensors[name].Values[row * _tensors[name].Shape[1] + column];
}
